import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DeviceView, MachineView } from '../../../core/lab/api.ts';
import { otherMachine, placeChoices } from '../../../renderer/words/place.ts';

const device = (name: string, change: Partial<DeviceView> = {}): DeviceView => ({
  ...{ name, title: 'NVIDIA H100', kind: 'gpu', memory: null, slots: 2, maximumSlots: 4 },
  ...{ present: true, machine: name.split('/')[0]!, engine: 'TensorFlow 2' },
  ...change,
});

const machine = (id: string, state: MachineView['state'] = 'reachable'): MachineView => ({
  ...{ id, name: id, drained: false, createdAt: 1, agents: [], jobs: [], problem: null, state },
  launcher: { kind: 'command', address: null },
});

void describe('the choice of a place', () => {
  void test('is every slot alone in a lab with one kind of device', () => {
    const here = device('cpu', { machine: '', title: 'Xeon' });
    const { choices, chosen } = placeChoices([here], [], null);
    assert.deepEqual(
      choices.map(({ title }) => title),
      ['every slot', 'Xeon with TensorFlow 2 (2 slots)'],
    );
    assert.equal(chosen, '');
  });

  void test('joins devices of one kind, tells engines apart, and names machines', () => {
    const devices = [
      device('cpu', { machine: '', title: 'Xeon', slots: 0 }),
      device('lena/gpu:0'),
      device('mila/gpu:0'),
      device('mila/gpu:1', { engine: 'tfjs WASM' }),
    ];
    const { choices } = placeChoices(devices, [machine('lena'), machine('mila')], null);
    assert.deepEqual(
      choices.map(({ title }) => title),
      [
        'every slot',
        'NVIDIA H100 with TensorFlow 2 (4 slots)',
        'NVIDIA H100 with tfjs WASM (2 slots)',
        'the lab’s own machine',
        'lena (2 slots)',
        'mila (4 slots)',
      ],
    );
  });

  void test('keeps the present choice where the lab has no such device now', () => {
    const { choices, chosen } = placeChoices([], [], { device: 'NVIDIA H200' });
    assert.equal(choices.find(({ key }) => key === chosen)?.title, 'NVIDIA H200');
  });
});

void describe('another machine for a winner', () => {
  void test('is a reachable one that has not trained it', () => {
    const machines = [machine('a'), machine('b', 'unreachable'), machine('c')];
    assert.equal(otherMachine(machines), 'a');
    assert.equal(otherMachine(machines, ['a']), 'c');
    assert.equal(otherMachine(machines, ['a', 'c']), 'b');
    assert.equal(otherMachine(machines, ['a', 'b', 'c']), '');
  });

  void test('counts the agents of a group as the group', () => {
    const group: MachineView = {
      ...machine('cluster'),
      agents: [{ id: 'cluster-1' } as MachineView['agents'][number]],
    };
    assert.equal(otherMachine([group], ['cluster-1']), '');
  });
});
