import { parseArgs } from 'node:util';
import { choiceOf, textOf, wholeOf } from '../../core/commands/values.ts';
import type { GateName } from '../../core/gates/gates.ts';
import { fromText } from '../../core/graph/text.ts';
import type { Device } from '../../core/search/runner.ts';
import { type Difference, mean, welch } from '../../core/search/statistics.ts';
import type { Precision } from '../../core/study/computation.ts';
import { recipeFor } from '../../core/study/plan.ts';
import { cores } from '../../core/workers/devices.ts';
import { WorkerPool } from '../../core/workers/pool.ts';
import { Witness, cpu, job } from '../workers/jobs.ts';

/** Letters of the gate from node 2 to node 1. */
const gates: Readonly<Record<GateName, string>> = { through: 'T', cutoff: 'X', linear: 'L', correct: 'C' };
const card: Device = { ...cpu(1), name: 'gpu:0', title: 'Card', kind: 'gpu' };

/**
 * Do the other precisions train as float32 does? For every gate a graph of two networks is trained in each of them from the
 * same seeds, in the lab's own workers, and the mean target accuracy of every epoch is compared with the spread of float32's
 * seeds there.
 */
export async function bench(args: string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const options = { device: text, arch: text, data: text, epochs: text, seeds: text, json: { type: 'boolean' } } as const; // prettier-ignore
  const { values } = parseArgs({ args, options });
  const device = choiceOf(values, 'device', ['cpu', 'gpu'], 'gpu');
  const model = textOf(values, 'arch') ?? 'resnet32';
  const epochs = wholeOf(values, 'epochs', 20, 1, 1000);
  const seeds = wholeOf(values, 'seeds', 3, 2, 100);
  const data = textOf(values, 'data') ?? 'cifar100';
  const others: Precision[] = device === 'gpu' ? ['tf32', 'bfloat16'] : ['bfloat16'];
  const pool = new WorkerPool({ devices: [device === 'gpu' ? card : cpu(1)], cores: cores() });
  /** Target accuracies of every epoch, by seed. */
  const curves = async (gate: GateName, precision: Precision): Promise<number[][]> => {
    const all: number[][] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const witness = new Witness();
      const plan = { ...job().training, data, protocol: 'paper', epochs, recipe: recipeFor(epochs) } as const;
      const training = { ...plan, computation: { compiler: 'xla', precision } } as const;
      const graph = fromText(`${model}=T${gates[gate]},${model}=TT`);
      await until(pool);
      pool.start(pool.slots()[0]!.name, job({ graph, seed, training }), witness);
      const end = await witness.over;
      if (end !== 'completed') throw new Error(JSON.stringify(end));
      all.push(witness.epochs.map(({ nodes }) => nodes[0]!.accuracy));
    }
    return all;
  };
  const results: {
    gate: GateName;
    precision: Precision;
    last: Difference | null;
    whole: Difference | null;
  }[] = [];
  try {
    for (const gate of Object.keys(gates) as GateName[]) {
      const usual = await curves(gate, 'float32');
      for (const precision of others) {
        const found = await curves(gate, precision);
        const [last, whole] = [(curve: number[]) => curve.at(-1)!, mean].map((number) => welch(found.map(number), usual.map(number))!) as [Difference, Difference]; // prettier-ignore
        results.push({ gate, precision, last, whole });
        const words = ({ mean: difference, significant }: Difference): string =>
          `${(100 * difference).toFixed(2)} % (${significant ? 'MORE than seeds differ' : 'within the spread'})`;
        console.log(`${gate}, ${precision} against float32: last epoch ${words(last)}, mean of all epochs ${words(whole)}`); // prettier-ignore
      }
    }
  } finally {
    await pool.close();
  }
  if (values.json) console.log(JSON.stringify({ device, model, data, epochs, seeds, results }));
  return 0;
}

/** The slot is free again. */
async function until(pool: WorkerPool): Promise<void> {
  while (pool.slots()[0]!.state !== 'ready')
    await new Promise<void>((resolve) => {
      const undo = pool.onSlots(() => {
        undo();
        resolve();
      });
    });
}
