import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openWithProgress } from '../../core/commands/train.ts';
import { integerOption, textOf } from '../../core/commands/values.ts';
import { cores } from '../../core/devices/devices.ts';
import { template, type TemplateName } from '../../core/graph/templates.ts';
import type { Precision } from '../../core/study/computation.ts';
import { recipeFor } from '../../core/study/recipe.ts';
import { WorkerPool } from '../../core/workers/pool.ts';
import { cpu, job, Witness } from '../workers/jobs.ts';
import { round } from './measure.ts';

/** Epochs of each trial; the first one compiles and warms up. */
const EPOCHS = 2;
/** Seconds of a tick of /proc. */
const TICK = 0.01;

interface Rate {
  readonly graph: TemplateName;
  readonly precision: Precision;
  readonly slots: number;
  /** By the clock, all slots together. */
  readonly epochsPerHour: number;
  /** Of processors, for one epoch of one trial; null where the system does not tell it. */
  readonly processorSeconds: number | null;
}

/**
 * Epochs of trials of the paper's space an hour: three ResNet8 on real images, all edges Through, and
 * three of which two have no path to the target. One slot with all threads, then a slot per core.
 */
export async function bench(args: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const options = { data: text, arch: text, nodes: text, json: { type: 'boolean' } } as const;
  const { values } = parseArgs({ args, options });
  const data = textOf(values, 'data') ?? 'synthetic:train=6000,test=2000,classes=20';
  const model = textOf(values, 'arch') ?? 'resnet8';
  const nodes = integerOption(values, 'nodes', 3, 1, 8);
  const models = Array.from({ length: nodes }, () => model);
  await openWithProgress(data); // workers download nothing
  for (const graph of ['all-through', 'independent'] as const)
    for (const precision of ['float32', 'bfloat16'] as const)
      for (const slots of graph === 'independent' ? [1] : [1, cores()]) {
        const rate = await measure({ graph, models, data, precision, slots });
        if (values.json) console.log(JSON.stringify(rate));
        else console.log(lineOf(rate, models));
      }
  return 0;
}

const lineOf = ({ graph, precision, slots, ...rate }: Rate, models: readonly string[]): string =>
  `${graph} of ${models.join('+')}, ${precision}, ${slots} x ${cores() / slots} threads: ` +
  `${rate.epochsPerHour} epochs of trials an hour, ` +
  `${rate.processorSeconds ?? 'unknown'} s of processors each`;

interface Measured {
  readonly graph: TemplateName;
  readonly models: readonly string[];
  readonly data: string;
  readonly precision: Precision;
  readonly slots: number;
}

async function measure({ graph, models, data, precision, slots }: Measured): Promise<Rate> {
  const pool = new WorkerPool({ devices: [cpu(slots, slots)], cores: cores() });
  const marks: { at: number; seconds: number | null }[] = [];
  try {
    const witnesses = Array.from({ length: slots }, (_, slot) => {
      const witness = new Witness();
      witness.onEpoch = () => marks.push({ at: performance.now(), seconds: ofChildren() });
      const training = {
        ...job().training,
        ...{ data, epochs: EPOCHS, recipe: recipeFor(EPOCHS) },
        computation: { precision },
      };
      const run = slot + 1;
      const one = job({ run, seed: run, training, graph: template(graph, models) });
      pool.start(`cpu:${slot}`, one, witness);
      return witness;
    });
    for (const { over } of witnesses) {
      const end = await over;
      if (end !== 'completed') throw new Error(JSON.stringify(end));
    }
  } finally {
    await pool.close();
  }
  // From the first slot's first epoch to the last one's last: an epoch of each slot, warm.
  const [first, last] = [marks[slots - 1]!, marks.at(-1)!];
  const done = marks.length - slots;
  const processor = first.seconds === null ? null : (last.seconds! - first.seconds) / done;
  return {
    ...{ graph, precision, slots },
    epochsPerHour: round((3_600_000 * done) / (last.at - first.at)),
    processorSeconds: processor === null ? null : round(processor, 2),
  };
}

/** Seconds of processors that the child processes have used; null outside Linux. */
function ofChildren(): number | null {
  try {
    const pids = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
    return pids.reduce((sum, pid) => {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [user, system] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 13);
      return sum + TICK * (Number(user) + Number(system));
    }, 0);
  } catch {
    return null;
  }
}
