import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { stream } from '../../core/base/random.ts';
import { ladder, rule, standingAmong } from '../../core/search/asha.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { hasEnded } from '../../core/study/moves.ts';
import { wireDecision } from '../../core/study/decision.ts';
import { joined, newStudy } from '../contract/samples.ts';
import { livedFor } from '../soak/killed-life.ts';
import { studyPlan } from './killed-lab.ts';
import { FULL } from '../soak/full-disk.ts';
import { scriptedLab } from './lab.ts';

export interface SoakCounts {
  kills: number;
  /** Times that the disk was full until the lab was told to continue. */
  fullDisks: number;
  studies: number;
  interruptedRuns: number;
  crashedAttempts: number;
  decisions: number;
  checkpointsRead: number;
}

/** Most studies that wait for a full disk: it comes at moments of the clock. */
const MOST_STUDIES = 12;

/**
 * Kills labs (SIGKILL) at random moments of their work, also within writes of reports and
 * checkpoints, and fills their disks, until so many kills are done, a full disk was met and every
 * study has still come to its end. Checks after each kill and each full disk that the file is whole,
 * and at each end that nothing was lost or counted twice; with one slot, where the order of arrivals
 * is fixed, that all is as if undisturbed.
 */
export async function soak(
  kills: number,
  seed: number,
  print: (line: string) => void,
): Promise<SoakCounts> {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-soak-'));
  const random = stream(seed, 'soak');
  const counts: SoakCounts = {
    kills: 0,
    fullDisks: 0,
    studies: 0,
    interruptedRuns: 0,
    crashedAttempts: 0,
    decisions: 0,
    checkpointsRead: 0,
  };
  try {
    while (counts.kills < kills || (counts.fullDisks === 0 && counts.studies < MOST_STUDIES)) {
      const slots = counts.studies % 2 === 0 ? 1 : 3;
      const file = join(folder, `${counts.studies}.ktg`);
      const bytes = slots === 1 ? 600_000 : 3_000_000;
      while (
        !(await worked(
          file,
          slots,
          bytes,
          counts.kills < kills ? 20 + random.below(500) : Infinity,
          counts,
        ))
      ) {
        counts.kills++;
        const store = openLabFile(file);
        assert.equal(store.place.readOnly, false);
        assert.deepEqual(await store.check(), []);
        counts.interruptedRuns += store.runs({ states: ['running'] }).length;
        store.close();
      }
      const store = openLabFile(file);
      await checkStudy(store, counts);
      if (slots === 1)
        assert.ok(isDeepStrictEqual(outcomeOf(store), await undisturbed()), 'as if undisturbed');
      store.close();
      counts.studies++;
      print(`${counts.kills} kills, ${counts.studies} studies whole`);
    }
    return counts;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Lets a lab work for so long. True when it came to its end. */
async function worked(
  file: string,
  slots: number,
  bytes: number,
  milliseconds: number,
  counts: SoakCounts,
): Promise<boolean> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'killed-lab.ts'), file, String(slots), String(bytes)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  child.stdout
    .setEncoding('utf8')
    .on('data', (text: string) => (counts.fullDisks += text.split(FULL).length - 1));
  return livedFor(child, milliseconds);
}

async function checkStudy(store: Store, counts: SoakCounts): Promise<void> {
  assert.deepEqual(await store.check(), []);
  const [study] = store.studies();
  assert.equal(study!.state, 'completed');
  const trials = store.runs({ study: study!.id, kind: 'trial' });
  assert.deepEqual(
    trials.map((run) => run.number),
    Array.from({ length: study!.plan.trials }, (_, number) => number),
  );
  assert.ok(trials.every((run) => hasEnded(run.state)));
  const steps = ladder(study!.plan.training.epochs);
  const arrived = new Map<number, number[]>();
  for (const { run, rung, value, go, n } of store
    .decisions({ study: study!.id })
    .map(wireDecision)) {
    const values = arrived.get(rung) ?? [];
    arrived.set(rung, values);
    const expected = rule(steps, steps.rungs.indexOf(rung), rung, value!, () =>
      standingAmong(values, value!),
    );
    assert.deepEqual([go, n], [expected.decision === 'continue', values.length + 1]);
    assert.equal(store.run(run).epoch > rung || !go, true);
    values.push(value!);
    counts.decisions++;
  }
  for (const run of trials) {
    assert.equal(store.epochs(run.id).length, run.epoch);
    const attempts = store.attempts({ run: run.id });
    assert.equal(attempts.length, run.attempts);
    assert.ok(attempts.every((attempt) => attempt.outcome !== null));
    counts.crashedAttempts += attempts.filter((attempt) => attempt.outcome === 'crash').length;
    assert.equal(
      store.checkpointOf(run.id)?.purpose,
      run.state === 'completed' ? 'final' : undefined,
    );
  }
  for (const { id, bytes } of store.checkpoints()) {
    assert.equal((await joined(store.readCheckpoint(id))).length, bytes);
    counts.checkpointsRead++;
  }
}

/** Everything about a study that its plan and the order of arrivals decide. */
function outcomeOf(store: Store) {
  const { id } = store.studies()[0]!;
  return {
    trials: store
      .runs({ study: id, kind: 'trial' })
      .map(({ number, key, seed, state, epoch, accuracy, duplicateOf }) => [
        ...[number, key, seed, state, epoch, accuracy],
        duplicateOf === null ? null : store.run(duplicateOf).number,
      ]),
    decisions: store
      .decisions({ study: id })
      .map(wireDecision)
      .map(({ run, rung, value, go, n, rank, limit }) => [
        ...[store.run(run).number, rung, value, go, n, rank, limit],
      ]),
    rejections: store.rejections(id),
  };
}

/** The same study without any disturbance. */
async function undisturbed() {
  const { store, scheduler, until } = scriptedLab(
    { slots: 1, seconds: () => 1 },
    {},
    openMemoryStore(),
  );
  const { id } = store.addStudy(newStudy('Killed', studyPlan));
  scheduler.resume({ study: id });
  await until(() => store.study(id).state === 'completed');
  await scheduler.close('save');
  return outcomeOf(store);
}

if (import.meta.main) {
  const counts = await soak(Number(process.argv[2] ?? 300), 1, (line) => {
    console.log(line);
  });
  console.log(counts);
}
