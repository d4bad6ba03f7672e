import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DeviceList } from '../../core/workers/device-list.ts';
import { placesFor } from '../../core/workers/placement.ts';
import { cpu, gpu } from './jobs.ts';

describe('the devices of a pool', () => {
  test('a change of slots leaves the records of the caller alone', () => {
    const given = cpu(1);
    const list = new DeviceList([given]);
    list.setSlots('cpu', 2);
    assert.deepEqual([given.slots, list.all()[0]!.slots], [1, 2]);
  });

  test('only a slot whose card has other slots shares it', () => {
    const devices = [gpu(0, 2), gpu(1, 1), cpu(2)];
    const list = new DeviceList(devices);
    const shares = placesFor(devices, 2).map((place) => list.shares(place));
    assert.deepEqual(shares, [true, true, false, false, false]);
    assert.equal(list.hasSharedCard, true);
    list.oneSlotACard('No sharing here.');
    assert.deepEqual(
      list.all().map(({ slots, note }) => [slots, note]),
      [
        [1, 'No sharing here.'],
        [1, undefined],
        [2, undefined],
      ],
    );
    assert.equal(list.hasSharedCard, false);
  });

  test('a poll reports devices that disappeared or returned', async () => {
    let found = [gpu(0, 1), cpu(1)];
    const list = new DeviceList(found, async () => Promise.resolve(found));
    assert.equal(await list.look(false, () => false), false);
    found = [cpu(1)];
    assert.equal(await list.look(false, () => false), true);
    assert.deepEqual(
      list.present().map(({ name }) => name),
      ['cpu'],
    );
    assert.equal(await new DeviceList(found).look(true, () => false), false, 'without a look');
  });

  test('no card has slots while the portable engine is chosen', async () => {
    const list = new DeviceList([gpu(0, 1), cpu(0)], async () => Promise.resolve([gpu(0, 1)]));
    list.leaveCards();
    assert.equal(list.all()[0]!.slots, 0);
    await list.look(true, () => true);
    assert.equal(list.all()[0]!.slots, 0);
  });
});
