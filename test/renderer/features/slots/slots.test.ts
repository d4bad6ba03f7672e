import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Device } from '../../../../core/lab/api.ts';
import { limitText, slotDevices } from '../../../../renderer/features/slots/slots.ts';

const device = (change: Partial<Device>): Device => ({
  name: 'cpu',
  title: 'A processor',
  kind: 'cpu',
  memory: null,
  slots: 1,
  maximumSlots: 2,
  present: true,
  ...change,
});

test('a device at its maximum gives the reason for the limit', () => {
  assert.equal(limitText(device({})), '');
  assert.match(limitText(device({ slots: 2 })), /one slot for each of the 2 processor cores/);
  assert.match(limitText(device({ kind: 'gpu', slots: 8, maximumSlots: 8 })), /at most 8 slots/);
  assert.equal(limitText(device({ slots: 0, maximumSlots: 0, note: 'Too old.' })), 'Too old.');
});

test('missing devices, and idle ones without a note, are left out', () => {
  const gone = device({ present: false });
  const mute = device({ maximumSlots: 0, slots: 0 });
  const old = device({ maximumSlots: 0, slots: 0, note: 'Too old.' });
  assert.deepEqual(slotDevices([gone, mute, old]), [old]);
});
