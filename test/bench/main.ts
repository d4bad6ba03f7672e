import { parseArgs } from 'node:util';
import { helpIfAsked } from '../../build/help.js';
import { LabError } from '../../core/base/errors.ts';

interface Bench {
  readonly measures: string;
  /**
   * Takes its own options, prints what it measured, returns the exit status. Loads what it needs.
   */
  readonly run: (args: string[]) => Promise<number>;
}

/**
 * `npm run bench -- [NAME] [options]`; without a name it says what there is and measures the steps.
 */
const benches: Readonly<Record<string, Bench>> = {
  step: {
    measures:
      'training steps, beside PyTorch where python3 has it: --arch resnet32[+...] --batch 64 --clock processor --json',
    run: async (args) => (await import('./step.ts')).bench(args),
  },
  kinds: {
    measures:
      'steps with edges of every kind beside KL, by turns: --models resnet8,resnet8 --batch 64 --rounds 15',
    run: async (args) => (await import('./kinds.ts')).bench(args),
  },
  images: {
    measures:
      'decoding of JPEG files, and opening of decoded sets: --images 3000 --cached 100000 --folder FOLDER --json',
    run: async (args) => (await import('./images.ts')).bench(args),
  },
  versions: {
    measures:
      'steps of this version beside another one, by turns: --before FOLDER --arch resnet32,... --turns 6 --json',
    run: async (args) => (await import('./versions.ts')).bench(args),
  },
  learning: {
    measures:
      'accuracy of a graph of every kind of edge and gate: --data cifar100 --arch resnet8 --epochs 6 --seeds 2 --only NAME,... --json',
    run: async (args) => (await import('./learning.ts')).bench(args),
  },
  epoch: {
    measures: 'a whole epoch against its steps alone: --arch resnet32 --steps 50',
    run: async (args) => (await import('./epoch.ts')).bench(args),
  },
  memory: {
    measures:
      "growth of tensors and memory over many steps, and the memory of PyTorch's modes: --arch resnet8 --steps 1000 --precision bfloat16",
    run: async (args) => (await import('./memory.ts')).bench(args),
  },
  workers: {
    measures:
      'slots at once against one alone, and the time between two runs: --arch resnet8 --slots 2 --json',
    run: async (args) => (await import('./workers.ts')).bench(args),
  },
  throughput: {
    measures:
      'epochs of trials an hour, by precision and slots: --data cifar100 --arch resnet8 --nodes 3 --json',
    run: async (args) => (await import('./throughput.ts')).bench(args),
  },
  start: {
    measures: 'from npm start to a trained step, and from one trial to the next: --json',
    run: async (args) => (await import('./start.ts')).bench(args),
  },
  gpu: {
    measures:
      'one card beside PyTorch eager, CUDA graphs and JAX; epochs, compilation, packing: --arch resnet32 --precision tf32 --cases|--packing --json',
    run: async (args) => (await import('./gpu.ts')).bench(args),
  },
  precision: {
    measures:
      'accuracies of every gate in each precision beside the spread of seeds: --device gpu --arch resnet32 --epochs 20 --seeds 3 --json',
    run: async (args) => (await import('./precision.ts')).bench(args),
  },
  price: {
    measures:
      "epochs and GPU hours of the paper's search, by simulation: --trials 1500 --measured FILE --precision tf32 --json",
    run: async (args) => (await import('./price.ts')).bench(args),
  },
  search: {
    measures:
      'the search alone: decisions, reports, a long study; beside Optuna where python3 has it',
    run: async (args) => {
      await (await import('./search.ts')).bench({ json: args.includes('--json') });
      return 0;
    },
  },
  sampler: {
    measures:
      'the sampler on toy landscapes beside random and Optuna: --landscapes FILE --workers N --rule asha --json',
    run: async (args) => (await import('./sampler.ts')).bench(args),
  },
  effects: {
    measures: 'each analysis of a study of random trials: --trials 5000 --nodes 3 --json',
    run: async (args) => (await import('./effects.ts')).bench(args),
  },
  machines: {
    measures:
      'studies on other machines beside what is demanded: overhead, throughput, kills, cuts: NAME --json',
    run: async (args) => (await import('./machines.ts')).bench(args),
  },
  ui: {
    measures:
      'the app in Chromium: studies of 1,500 and 5,000 trials are opened, sorted, filtered, brushed; an hour of eight slots: --hour SECONDS (180; 0: without) --json',
    run: async (args) => {
      const options = {
        json: { type: 'boolean' },
        hour: { type: 'string', default: '180' },
      } as const;
      const { json = false, hour } = parseArgs({ args, options }).values;
      await (await import('./ui.ts')).bench({ json, hour: Number(hour) });
      return 0;
    },
  },
};

const [first, ...rest] = process.argv.slice(2);
const unnamed = first === undefined || first.startsWith('-');
const list = Object.entries(benches)
  .filter(([name]) => unnamed || !(first in benches) || name === first)
  .map(([name, { measures }]) => `npm run bench -- ${name.padEnd(9)} ${measures}`)
  .join('\n');
helpIfAsked(list);
if (unnamed) console.log(list, '\n');
const bench = benches[unnamed ? 'step' : first];
if (bench) process.exitCode = await run(bench, unnamed ? process.argv.slice(2) : rest);
else {
  console.error(`Unknown bench "${first}": there are ${Object.keys(benches).join(', ')}.`);
  process.exitCode = 2;
}

/** Wrong options and missing engines are said in one line. */
async function run(chosen: Bench, args: string[]): Promise<number> {
  try {
    return await chosen.run(args);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!(error instanceof LabError) && !code.startsWith('ERR_PARSE_ARGS')) throw error;
    console.error([message, ...(error instanceof LabError ? [error.next] : [])].join(' ').trim());
    return 2;
  }
}
