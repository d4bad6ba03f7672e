import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import type {
  IncomingCheckpoint,
  Job,
  JobEnd,
  JobHandle,
  JobListener,
  Runner,
  Verdict,
  WeightsSource,
} from '../../core/search/runner.ts';
import type { EpochMetrics } from '../../core/study/metrics.ts';
import type { Failure } from '../../core/study/run.ts';
import { joined } from './samples.ts';

export interface RunnerUnderTest {
  /** With one device that has one slot. */
  runner: Runner;
  /** A job of at least 8 epochs that saves a checkpoint after each. */
  job: Job;
}

type Said =
  | { type: 'started' }
  | { type: 'epoch'; metrics: EpochMetrics }
  | { type: 'checkpoint'; purpose: IncomingCheckpoint['purpose']; weights: WeightsSource }
  | { type: 'ended'; end: JobEnd }
  | { type: 'failed'; failure: Failure };

/** Notes everything that is said of a job, and answers epochs. */
class Notes implements JobListener {
  readonly said: Said[] = [];
  readonly #answer: (epoch: number) => Verdict;
  readonly #waiting = new Set<() => void>();

  constructor(answer: (epoch: number) => Verdict = () => 'go-on') {
    this.#answer = answer;
  }

  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  get epochs(): number[] {
    return this.said.flatMap((each) => (each.type === 'epoch' ? each.metrics.epoch : []));
  }

  get lastWeights(): WeightsSource | undefined {
    return this.said.findLast((each) => each.type === 'checkpoint')?.weights;
  }

  isOver(): boolean {
    const last = this.said.at(-1)?.type;
    return last === 'ended' || last === 'failed';
  }

  started(): void {
    this.#note({ type: 'started' });
  }

  progress(): void {
    // A sign of life and nothing else.
  }

  log(): void {
    // For people.
  }

  epoch(metrics: EpochMetrics): Verdict {
    this.#note({ type: 'epoch', metrics });
    return this.#answer(metrics.epoch);
  }

  async checkpoint({ epoch, purpose, bytes, sha256, chunks }: IncomingCheckpoint): Promise<void> {
    const data = await joined(chunks);
    assert.equal(data.length, bytes);
    assert.equal(createHash('sha256').update(data).digest('hex'), sha256);
    const weights: WeightsSource = {
      epoch,
      bytes,
      sha256,
      async *chunks() {
        yield* await Promise.resolve([data.subarray(0, 1000), data.subarray(1000)]);
      },
    };
    this.#note({ type: 'checkpoint', purpose, weights });
  }

  ended(end: JobEnd): void {
    this.#note({ type: 'ended', end });
  }

  failed(failure: Failure): void {
    this.#note({ type: 'failed', failure });
  }

  #note(said: Said): void {
    this.said.push(said);
    for (const look of [...this.#waiting]) look();
  }
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

/** What every runner must do. */
export function runnerContract(name: string, open: () => Promise<RunnerUnderTest>): void {
  const withRunner = (
    what: string,
    work: (under: RunnerUnderTest & { slot: string }) => Promise<void>,
  ) => {
    void test(what, async () => {
      const under = await open();
      try {
        await ready(under.runner);
        await work({ ...under, slot: under.runner.slots()[0]!.name });
      } finally {
        await under.runner.close();
        await under.runner.close();
      }
    });
  };

  void describe(`runner contract: ${name}`, () => {
    withRunner(
      'a whole run: epochs in order, the final weights, the end, a free slot',
      async (under) => {
        const { runner, slot, job } = under;
        const notes = new Notes();
        let changes = 0;
        const undo = runner.onSlots(() => changes++);
        runner.start(slot, job, notes);
        assert.equal(runner.slots()[0]!.state, 'busy');
        assert.equal(notes.said.length, 0, 'nothing is said before start has returned');
        assert.throws(() => runner.start(slot, job, new Notes()));
        await notes.until(() => notes.isOver());
        assert.equal(notes.said[0]!.type, 'started');
        assert.deepEqual(notes.epochs, upTo(job.training.epochs));
        assert.deepEqual(notes.said.at(-1), { type: 'ended', end: 'completed' });
        const last = notes.said.at(-2);
        assert.ok(last?.type === 'checkpoint' && last.purpose === 'final');
        assert.equal(last.weights.epoch, job.training.epochs);
        for (const said of notes.said) {
          if (said.type !== 'epoch') continue;
          assert.equal(said.metrics.nodes.length, job.graph.nodes.length);
          assert.equal(said.metrics.edges.length, job.graph.edges.length);
        }
        await ready(runner);
        assert.ok(changes > 0);
        undo();
      },
    );

    withRunner(
      'a verdict at a rung stops the run there, without weights',
      async ({ runner, slot, job }) => {
        const notes = new Notes((epoch) => (epoch === 2 ? 'stop' : 'go-on'));
        runner.start(slot, { ...job, rungs: [1, 2], checkpointEvery: 1e9 }, notes);
        await notes.until(() => notes.isOver());
        assert.deepEqual(notes.epochs, [1, 2]);
        assert.deepEqual(notes.said.at(-1), { type: 'ended', end: 'stopped' });
        assert.ok(
          !notes.said.some((said) => said.type === 'checkpoint' && said.purpose === 'final'),
        );
      },
    );

    withRunner('save-and-stop hands over the weights first', async ({ runner, slot, job }) => {
      const notes = new Notes((epoch) => (epoch === 2 ? 'save-and-stop' : 'go-on'));
      runner.start(slot, { ...job, rungs: [1, 2] }, notes);
      await notes.until(() => notes.isOver());
      assert.deepEqual(notes.epochs, [1, 2]);
      assert.deepEqual(notes.said.at(-1), { type: 'ended', end: 'stopped' });
      assert.equal(notes.lastWeights!.epoch, 2);
    });

    withRunner(
      'a kept halt can be gone on from, as if it had not been',
      async ({ runner, slot, job }) => {
        const whole = new Notes();
        runner.start(slot, job, whole);
        await whole.until(() => whole.isOver());
        await ready(runner);

        const first = new Notes();
        const handle = runner.start(slot, job, first);
        await first.until(() => first.epochs.length === 3);
        handle.stop('after-epoch', true);
        await first.until(() => first.isOver());
        assert.deepEqual(first.said.at(-1), { type: 'ended', end: 'halted' });
        const done = first.epochs.at(-1)!;
        assert.equal(first.lastWeights!.epoch, done);
        await ready(runner);

        const second = new Notes();
        runner.start(slot, { ...job, attempt: 2, resume: first.lastWeights! }, second);
        await second.until(() => second.isOver());
        assert.deepEqual([...first.epochs, ...second.epochs], upTo(job.training.epochs));
        assert.deepEqual(nodesOf(second), nodesOf(whole).slice(done));
      },
    );

    withRunner(
      'a halt now ends soon and keeps nothing that is not wanted',
      async ({ runner, slot, job }) => {
        const notes = new Notes();
        const handle = runner.start(slot, { ...job, checkpointEvery: 1e9 }, notes);
        await notes.until(() => notes.epochs.length === 1);
        const before = notes.lastWeights;
        handle.stop('now', false);
        await notes.until(() => notes.isOver());
        assert.deepEqual(notes.said.at(-1), { type: 'ended', end: 'halted' });
        assert.ok(
          notes.lastWeights === undefined || notes.lastWeights.epoch <= (before?.epoch ?? 1),
        );
        assert.ok(notes.epochs.length < job.training.epochs);
      },
    );

    withRunner(
      'after a kill nothing is said, and the slot comes back',
      async ({ runner, slot, job }) => {
        const notes = new Notes();
        const handle: JobHandle = runner.start(slot, job, notes);
        await notes.until(() => notes.epochs.length === 1);
        handle.kill();
        // A checkpoint may have been on its way.
        const said = (): number => notes.said.filter((each) => each.type !== 'checkpoint').length;
        const before = said();
        await ready(runner);
        const next = new Notes();
        runner.start(slot, job, next);
        await next.until(() => next.epochs.length === 1);
        assert.equal(said(), before);
      },
    );

    withRunner(
      'slots are set while work goes on; one too many ends with its job',
      async (under) => {
        const { runner, slot, job } = under;
        const notes = new Notes();
        const handle = runner.start(slot, job, notes);
        const device = runner.devices()[0]!.name;
        runner.setSlots(device, 2);
        assert.equal(runner.slots().length, 2);
        runner.setSlots(device, 0);
        assert.deepEqual(
          runner.slots().map((each) => [each.name, each.state]),
          [[slot, 'retired']],
        );
        handle.stop('now', false);
        await notes.until(() => notes.isOver());
        await changed(runner, () => runner.slots().length === 0);
        runner.setSlots(device, 1);
        await ready(runner);
      },
    );
  });
}

const nodesOf = (notes: Notes) =>
  notes.said.flatMap((said) => (said.type === 'epoch' ? [said.metrics.nodes] : []));

const ready = (runner: Runner): Promise<void> =>
  changed(runner, () => runner.slots().some((slot) => slot.state === 'ready'));

function changed(runner: Runner, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const undo = runner.onSlots(() => {
      look();
    });
    const look = (): void => {
      if (!holds()) return;
      undo();
      resolve();
    };
    look();
  });
}
