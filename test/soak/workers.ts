import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RandomStream, stream } from '../../core/base/random.ts';
import { ladder, rule, standingAmong } from '../../core/search/asha.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { openSqlite } from '../../core/store/sqlite.ts';
import type { Store } from '../../core/store/store.ts';
import { hasEnded } from '../../core/study/moves.ts';
import { wireDecision } from '../../core/study/decision.ts';
import { joined } from '../contract/samples.ts';
import { FULL } from './full-disk.ts';

/** What the check of a study has seen. */
export interface StudyCounts {
  attempts: number;
  /** Attempts by how they ended. */
  outcomes: Record<string, number>;
  decisions: number;
  checkpointsRead: number;
}

export interface WorkerSoakCounts extends StudyCounts {
  labKills: number;
  workerKills: number;
  /** Times that another process held the file's lock for a while. */
  busy: number;
  /** Times that the disk was full until the lab was told to go on. */
  fullDisks: number;
  studies: number;
}

/** Kills in the life of one study. */
const KILLS_A_STUDY = 12;

/** Most studies that wait for a full disk: it comes at moments of the clock. */
const MOST_STUDIES = 12;

/**
 * Labs over real worker processes: kills labs and workers (SIGKILL) at random moments, also within
 * checkpoints, while the workers hang, lie, flood and die by themselves, another process holds the
 * file now and then, the disk is full for moments, and the clock jumps. After each kill of a lab
 * the file is whole; at the end no trial is lost or counted twice, every decision follows from the
 * arrivals before it, checkpoints are whole, and with one slot all is as in a study that nothing
 * disturbed. Goes on until so many kills are done and a full disk was met.
 */
export async function workerSoak(
  kills: number,
  seed: number,
  print: (line: string) => void,
): Promise<WorkerSoakCounts> {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-soak-'));
  const random = stream(seed, 'worker soak');
  const counts: WorkerSoakCounts = {
    labKills: 0,
    workerKills: 0,
    busy: 0,
    fullDisks: 0,
    studies: 0,
    attempts: 0,
    outcomes: {},
    decisions: 0,
    checkpointsRead: 0,
  };
  const total = (): number => counts.labKills + counts.workerKills;
  try {
    const calm = await undisturbed(folder);
    const quota = Math.min(KILLS_A_STUDY, Math.ceil(kills / 2));
    while (total() < kills || (counts.fullDisks === 0 && counts.studies < MOST_STUDIES)) {
      const before = total();
      const slots = counts.studies % 2 === 0 ? 3 : 1;
      const file = join(folder, `${counts.studies}.sqlite`);
      for (;;) {
        const done = await disturb(file, slots, random, counts, () => total() >= before + quota);
        const store = openLabFile(file);
        assert.deepEqual(await store.check(), []);
        store.close();
        if (done) break;
      }
      const store = openLabFile(file);
      await checkStudy(store, counts);
      if (slots === 1) assert.deepEqual(outcomeOf(store), calm, 'as if undisturbed');
      store.close();
      counts.studies++;
      print(`${total()} kills, ${counts.studies} studies whole`);
    }
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const start = (file: string, slots: number, mischief: boolean) =>
  spawn(process.execPath, [join(import.meta.dirname, 'killed-lab.ts'), file, String(slots)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // With one slot a retried run lets others pass, so nothing but kills of the lab may disturb the
    // order.
    env: {
      ...process.env,
      KTG_SOAK_MISCHIEF: mischief ? 'yes' : 'no',
      NODE_TEST_CONTEXT: undefined,
    },
  });

/** One life of a lab. True when it came to its end by itself. */
async function disturb(
  file: string,
  slots: number,
  random: RandomStream,
  counts: WorkerSoakCounts,
  enough: () => boolean,
): Promise<boolean> {
  const child = start(file, slots, slots > 1);
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  let over = false;
  void ended.then(() => (over = true));
  child.stdout
    .setEncoding('utf8')
    .on('data', (text: string) => (counts.fullDisks += text.split(FULL).length - 1));
  await Promise.race([once(child.stdout, 'data'), ended]);
  const alive = (): boolean => !over;
  while (alive() && !enough()) {
    await Promise.race([sleep(20 + random.below(400)), ended]);
    if (!alive()) break;
    const chance = random.uniform();
    if (chance < 0.15) {
      await holdFile(file, 50 + random.below(300));
      counts.busy++;
    } else if (slots > 1 && chance < 0.6) {
      const workers = childrenOf(child.pid!);
      const victim = workers[random.below(Math.max(1, workers.length))];
      if (victim !== undefined && kill(victim)) counts.workerKills++;
    } else {
      child.kill('SIGKILL');
      counts.labKills++;
      break;
    }
  }
  const [code, signal] = await ended;
  assert.ok(code === 0 || signal === 'SIGKILL', `the lab ended with ${code ?? signal}`);
  return code === 0;
}

/** Keeps everybody else from writing to the file for a while. */
async function holdFile(file: string, milliseconds: number): Promise<void> {
  const database = openSqlite(file);
  try {
    database.execute('BEGIN IMMEDIATE');
    await sleep(milliseconds);
    database.execute('ROLLBACK');
  } finally {
    database.close();
  }
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}

export async function checkStudy(store: Store, counts: StudyCounts): Promise<void> {
  const study = store.studies()[0]!;
  assert.equal(study.state, 'completed');
  const { trials: wanted, training } = study.plan;
  const trials = store.runs({ study: study.id, kind: 'trial' });
  assert.deepEqual(
    trials.map(({ number }) => number),
    Array.from({ length: wanted }, (_, number) => number),
  );
  const steps = ladder(training.epochs);
  const arrived = new Map<number, number[]>();
  for (const { rung, value, go, n } of store.decisions({ study: study.id }).map(wireDecision)) {
    const values = arrived.get(rung) ?? [];
    arrived.set(rung, values);
    const expected = rule(steps, steps.rungs.indexOf(rung), rung, value!, () =>
      standingAmong(values, value!),
    );
    assert.deepEqual([go, n], [expected.decision === 'continue', values.length + 1]);
    values.push(value!);
    counts.decisions++;
  }
  for (const run of trials) {
    assert.ok(hasEnded(run.state) && run.state !== 'failed', `trial ${run.number} is ${run.state}`);
    assert.equal(store.epochs(run.id).length, run.epoch);
    const attempts = store.attempts({ run: run.id });
    assert.equal(attempts.length, run.attempts);
    for (const { outcome } of attempts) {
      counts.attempts++;
      counts.outcomes[outcome!] = (counts.outcomes[outcome!] ?? 0) + 1;
    }
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
      .map(({ number, key, seed, state, epoch, accuracy }) => ({
        number,
        key,
        seed,
        state,
        epoch,
        accuracy,
      })),
    decisions: store
      .decisions({ study: id })
      .map(wireDecision)
      .map(({ run, rung, value, go, n, rank, limit }) => ({
        trial: store.run(run).number,
        rung,
        value,
        go,
        n,
        rank,
        limit,
      })),
  };
}

/** The same study on one slot without any disturbance. */
async function undisturbed(folder: string) {
  const file = join(folder, 'calm.sqlite');
  const [code] = (await once(start(file, 1, false), 'exit')) as [number | null];
  assert.equal(code, 0);
  const store = openLabFile(file);
  const outcome = outcomeOf(store);
  store.close();
  return outcome;
}
