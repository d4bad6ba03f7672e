import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LabEvent } from '../../core/lab/api.ts';
import { EventLog, type NewEvent } from '../../core/lab/events.ts';

const event: NewEvent = { topic: 'studies', type: 'study-removed', study: 1 };

/** What somebody hears who comes back after having heard so many events. */
function heardAfter(log: EventLog, after: number): LabEvent[] {
  const heard: LabEvent[] = [];
  log.subscribe(['studies'], (each) => heard.push(each), after)();
  return heard;
}

describe('who comes back', () => {
  test('hears much in portions and in order, with what happens meanwhile behind it', async () => {
    const log = new EventLog(0);
    for (let count = 0; count < 50; count++) log.add(event);
    const heard: number[] = [];
    const turns: number[] = [];
    let turn = 0;
    const timer = setInterval(() => turn++);
    const undo = log.subscribe(
      ['studies'],
      ({ sequence }) => {
        heard.push(sequence);
        turns.push(turn);
        const end = performance.now() + 1;
        while (performance.now() < end); // as long as writing it down takes
        if (sequence % 10 === 0 && log.sequence < 60) log.add(event);
      },
      0,
    );
    while (heard.length < 55) await new Promise((resolve) => setTimeout(resolve, 1));
    assert.deepEqual(
      heard,
      Array.from({ length: 55 }, (_, index) => index + 1),
    );
    assert.ok(new Set(turns).size > 5, turns.join());
    undo();
    log.add(event);
    assert.equal(heard.length, 55);
    clearInterval(timer);
  });
});

describe('the events that a lab keeps', () => {
  test('weigh no more than 16 Mi characters, however many come', () => {
    const log = new EventLog(0);
    const weight = 1 << 20;
    for (let count = 0; count < 100; count++) {
      log.add(event, weight);
      const kept = Array.from({ length: log.sequence }, (_, back) =>
        heardAfter(log, log.sequence - back),
      ).filter((heard) => heard[0]?.type !== 'missed');
      assert.ok(kept.length - 1 <= 16, `${kept.length - 1} after ${count}`);
    }
    assert.ok(heardAfter(log, 88).length === 12 && heardAfter(log, 1)[0]!.type === 'missed');
  });

  test('one that is heavier than all that may be kept is told and forgotten', () => {
    const log = new EventLog(0);
    const heard: LabEvent[] = [];
    log.subscribe(['studies'], (each) => heard.push(each));
    log.add(event, 1 << 30);
    log.add(event);
    assert.deepEqual(
      heard.map(({ sequence }) => sequence),
      [1, 2],
    );
    assert.deepEqual(
      heardAfter(log, 1).map(({ sequence }) => sequence),
      [2],
    );
    assert.equal(heardAfter(log, 0)[0]!.type, 'missed');
  });
});
