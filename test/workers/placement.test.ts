import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { LabProblem } from '../../core/base/problem.ts';
import { devicesFrom, onProcessorAlone, withFound } from '../../core/devices/devices.ts';
import { failureOf, failureOfExit, tellingLine } from '../../core/workers/failure.ts';
import { leaks } from '../../core/workers/leaks.ts';
import { environmentFor, largePages, placesFor, waitsFor } from '../../core/workers/placement.ts';
import { LabError } from '../../core/base/errors.ts';
import { cpu, gpu } from './jobs.ts';

const obstacle = (message: string): LabProblem => ({ code: 'cuda.x', message, next: '' });

describe('placement', () => {
  test('CPU slots never get more threads than there are cores, and leave none idle', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 128 }),
        fc.integer({ min: 1, max: 128 }),
        (cores, wanted) => {
          const slots = Math.min(cores, wanted);
          const places = placesFor([cpu(slots, cores)], cores);
          const used = places.reduce((sum, { threads }) => sum + threads, 0);
          assert.equal(used, cores);
          assert.ok(places.every(({ threads }) => threads >= 1));
          for (const place of places) assert.equal(waitsFor(place, places, cores), '');
        },
      ),
    );
  });

  test('a GPU slot sees exactly its card; a CPU slot sees none', () => {
    const places = placesFor([gpu(0, 2), gpu(3, 1), cpu(1, 4)], 4);
    assert.deepEqual(
      places.map((place) => [place.slot, environmentFor(place).CUDA_VISIBLE_DEVICES]),
      [
        ['gpu:0:0', '0'],
        ['gpu:0:1', '0'],
        ['gpu:3:0', '3'],
        ['cpu:0', ''],
      ],
    );
    const [named] = placesFor([{ ...gpu(1, 1), uuid: 'GPU-a01b' }], 4);
    assert.equal(
      environmentFor(named!).CUDA_VISIBLE_DEVICES,
      'GPU-a01b',
      'by its name, where it has one',
    );
    assert.ok(places.every((place) => Number(environmentFor(place).TF_NUM_INTRAOP_THREADS) >= 1));
  });

  test('a slot leaves the number of operations at once to its engine', () => {
    for (const place of placesFor([gpu(0, 1), cpu(1)], 4))
      assert.ok(!('TF_NUM_INTEROP_THREADS' in environmentFor(place)));
  });

  test('a slot asks glibc for large pages and keeps other settings of the user', () => {
    const [place] = placesFor([cpu(1)], 1);
    assert.match(environmentFor(place!).GLIBC_TUNABLES!, /glibc\.malloc\.hugetlb=1$/);
    assert.deepEqual(largePages(''), { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' });
    assert.deepEqual(largePages('glibc.malloc.tcache_count=0'), {
      GLIBC_TUNABLES: 'glibc.malloc.tcache_count=0:glibc.malloc.hugetlb=1',
    });
    const own = 'glibc.malloc.hugetlb=0';
    assert.deepEqual(largePages(own), { GLIBC_TUNABLES: own });
  });

  test('a slot waits while others of its device use its cores', () => {
    const [first, second] = placesFor([cpu(2)], 2);
    assert.match(
      waitsFor(second!, [{ slot: 'cpu:0', device: 'cpu', threads: 2 }], 2),
      /cpu:0 uses 2 of 2/,
    );
    assert.equal(waitsFor(second!, [{ slot: 'cpu:0', device: 'cpu', threads: 1 }], 2), '');
    assert.equal(waitsFor(first!, [{ slot: 'cpu:0', device: 'cpu', threads: 2 }], 2), '');
    assert.equal(waitsFor(second!, [{ slot: 'gpu:0:0', device: 'gpu:0', threads: 2 }], 2), '');
  });
});

describe('devices', () => {
  test('cards compute when nothing prevents it, else one slot per core, with the reason', () => {
    const cards = [{ index: 0, uuid: 'GPU-6f3c', title: 'Card', memory: 1, driver: '580' }];
    const free = devicesFrom(
      cards,
      () => null,
      () => ({ slots: 2, reason: 'measured' }),
    );
    assert.deepEqual([free[0]!.slots, free[0]!.note, free.at(-1)!.slots], [2, 'measured', 0]);
    const blocked = devicesFrom(
      cards,
      () => obstacle('The driver is too old.'),
      () => assert.fail(),
    );
    assert.deepEqual(
      [blocked[0]!.slots, blocked[0]!.maximumSlots, blocked[0]!.note],
      [0, 0, 'The driver is too old.'],
    );
    assert.ok(blocked.at(-1)!.slots >= 1);
    const [old, free1, processor] = devicesFrom(
      [...cards, { ...cards[0]!, index: 1, uuid: 'GPU-a01b' }],
      (card) => (card?.index === 0 ? obstacle('Too old.') : null),
      () => ({ slots: 1, reason: '' }),
    );
    assert.deepEqual([old!.slots, free1!.slots, processor!.slots], [0, 1, 0], 'one of two');
    assert.equal(
      devicesFrom(
        [],
        (card) => (card ? null : obstacle('No driver.')),
        () => assert.fail(),
      )[0]!.note,
      'No driver.',
    );
  });

  test('a card that disappears is marked, and comes back', () => {
    const both = [gpu(0, 1), gpu(1, 1)];
    const gone = withFound(both, [gpu(0, 1)]);
    assert.deepEqual(
      gone.map(({ present }) => present),
      [true, false],
    );
    assert.deepEqual(
      withFound(gone, both).map(({ present }) => present),
      [true, true],
    );
    assert.equal(withFound([gpu(0, 1)], both).length, 2);
  });

  test('slots stay as they were set, until cards that could not compute can', () => {
    const [blocked, usable] = [obstacle('An old driver.'), null].map((found) =>
      devicesFrom(
        [{ index: 0, uuid: 'GPU-6f3c', title: 'Card', memory: 1, driver: '580' }],
        () => found,
        () => ({ slots: 2, reason: 'measured' }),
      ),
    );
    const set = usable!.map((device) => ({ ...device, slots: 5 }));
    assert.deepEqual(
      withFound(set, usable!).map(({ slots }) => slots),
      [5, 5],
    );
    assert.deepEqual(
      withFound(blocked!, usable!).map(({ slots, note }) => [slots, note]),
      [
        [2, 'measured'],
        [0, undefined],
      ],
    );
    assert.deepEqual(
      withFound(set, blocked!).map(({ slots }) => slots > 0),
      [false, true],
    );
  });

  test('the portable engine leaves cards alone, and has slots on the processor instead', () => {
    const devices = devicesFrom(
      [{ index: 0, uuid: 'GPU-6f3c', title: 'Card', memory: 1, driver: '580' }],
      () => null,
      () => ({ slots: 2, reason: '' }),
    );
    const [card, processor] = onProcessorAlone(devices);
    assert.deepEqual([card!.slots, card!.maximumSlots], [0, 0]);
    assert.match(card!.note!, /portable engine is selected/);
    assert.equal(processor!.slots, processor!.maximumSlots);
    const without = devicesFrom(
      [],
      () => null,
      () => assert.fail(),
    ).map((device) => ({ ...device, slots: 0 }));
    assert.deepEqual(
      onProcessorAlone(without),
      without,
      'what was set where there is no card stays',
    );
  });
});

describe('failures', () => {
  test('the kind of a failure follows from the thrown error', () => {
    const kind = (thrown: unknown) => failureOf(thrown, 3).kind;
    assert.equal(kind(new LabError({ code: 'train.diverged', message: 'NaN', next: '' })), 'nan');
    assert.equal(
      kind(new LabError({ code: 'data.not-downloaded', message: 'gone', next: '' })),
      'data',
    );
    assert.equal(
      kind(new LabError({ code: 'train.no-teacher', message: 'none', next: '' })),
      'teacher',
    );
    assert.equal(kind(new LabError({ code: 'engine.odd', message: 'odd', next: '' })), 'crash');
    assert.equal(kind(new Error('OOM when allocating tensor with shape[64,32]')), 'out-of-memory');
    assert.equal(kind(new Error('RESOURCE_EXHAUSTED: out of memory')), 'out-of-memory');
    assert.equal(kind(new TypeError('x is not a function')), 'crash');
    assert.equal(
      failureOf(new LabError({ code: 'train.diverged', message: 'NaN', next: 'do this' }), 3).next,
      'do this',
    );
  });

  test('a process that was killed: by whom decides', () => {
    const exit = { code: null, signal: 'SIGKILL', lastWords: [], memoryKills: false };
    assert.equal(failureOfExit(exit, 1).kind, 'crash');
    assert.equal(failureOfExit({ ...exit, memoryKills: true }, 1).kind, 'out-of-memory');
    assert.equal(failureOfExit({ ...exit, signal: 'SIGSEGV', memoryKills: true }, 1).kind, 'crash');
    assert.equal(
      failureOfExit({ ...exit, signal: 'SIGABRT', lastWords: ['std::bad_alloc'] }, 1).kind,
      'out-of-memory',
    );
  });

  test('the most telling of its last words', () => {
    assert.equal(tellingLine(['a', 'TypeError: b', '    at c', 'Node.js v24']), 'TypeError: b');
    assert.equal(tellingLine(['a', 'b']), 'b');
    assert.equal(tellingLine([]), undefined);
  });
});

test('a worker leaks when it keeps growing after its first jobs', () => {
  const gigabytes = (...sizes: number[]) => sizes.map((size) => size * 2 ** 30);
  assert.equal(leaks(gigabytes(0.3, 0.5, 0.9, 1, 1.2)), false);
  assert.equal(leaks(gigabytes(0.3, 0.5, 0.9, 1.5, 2.2)), true);
  assert.equal(leaks(gigabytes(6, 6, 6, 9)), false);
  assert.equal(leaks([]), false);
});
