import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, test } from 'node:test';
import type { ChildProcess } from 'node:child_process';
import { Queue } from '../../core/lab/queue.ts';
import { scriptedLab } from './support.ts';

/** Work that ends when told to. */
class Held {
  readonly begun: number[] = [];
  readonly #ends: (() => void)[] = [];

  readonly work = (number: number) => async (): Promise<number> => {
    this.begun.push(number);
    await new Promise<void>((resolve) => this.#ends.push(resolve));
    return number;
  };

  end(): void {
    this.#ends.shift()!();
  }
}

const turn = async (): Promise<void> => new Promise(setImmediate);

describe('a queue', () => {
  test('does only some work at once, in the order in which it came', async () => {
    const queue = new Queue(2);
    const held = new Held();
    const all = [1, 2, 3, 4, 5].map(async (number) => queue.run(held.work(number)));
    for (const begun of [2, 3, 4, 5, 5]) {
      await turn();
      assert.equal(held.begun.length, begun);
      held.end();
    }
    assert.deepEqual(held.begun, [1, 2, 3, 4, 5]);
    assert.deepEqual(await Promise.all(all), [1, 2, 3, 4, 5]);
  });

  test('goes on after work that failed', async () => {
    const queue = new Queue(1);
    const failing = queue.run(async () => Promise.reject(new Error('no')));
    const next = queue.run(async () => Promise.resolve('yes'));
    await assert.rejects(failing, /no/);
    assert.equal(await next, 'yes');
  });

  test('forgets work that is given up before its turn', async () => {
    const queue = new Queue(1);
    const held = new Held();
    const abort = new AbortController();
    const [first, second, third] = [
      queue.run(held.work(1)),
      queue.run(held.work(2), abort.signal),
      queue.run(held.work(3)),
    ];
    abort.abort(new Error('changed my mind'));
    await assert.rejects(second, /changed my mind/);
    held.end();
    await first;
    await turn();
    held.end();
    assert.equal(await third, 3);
    assert.deepEqual(held.begun, [1, 3]);
  });
});

describe('twenty looks into data sets', () => {
  test('are made by two processes at once, and all are answered', async () => {
    const alive = new Set<ChildProcess>();
    let most = 0;
    const count = (message: unknown): void => {
      const { process: child } = message as { process: ChildProcess };
      alive.add(child);
      most = Math.max(most, alive.size);
      child.once('exit', () => alive.delete(child));
    };
    subscribe('child_process', count);
    const lab = scriptedLab();
    try {
      const data = 'synthetic:train=20,test=10';
      const looks = Array.from({ length: 20 }, async () =>
        lab.request('data.samples', { data, count: 1 }),
      );
      for (const samples of await Promise.all(looks)) assert.equal(samples.length, 1);
      assert.equal(most, 2);
    } finally {
      unsubscribe('child_process', count);
      await lab.close();
    }
  });
});
