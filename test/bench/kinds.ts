import { parseArgs } from 'node:util';
import { stream } from '../../core/base/random.ts';
import { epochBatches } from '../../core/data/batches.ts';
import type { Engine, Step, StepPlan } from '../../core/engine/engine.ts';
import { openEngine } from '../../core/engine/open.ts';
import { kindIndex, type KindName, kinds } from '../../core/kinds/kinds.ts';
import { architecture } from '../../core/models/architecture.ts';
import { initialParameters, initialStatistics } from '../../core/models/initialise.ts';
import { median, round } from './measure.ts';

const IMAGES = 512;
const CLASSES = 100;

/** Seconds of one step, by the clock and of all threads together. */
interface Spent {
  readonly seconds: number;
  readonly processor: number;
}

/** One way of training the same networks. */
interface Way {
  readonly name: string;
  readonly kinds: readonly KindName[];
  /** Kind of every edge between networks. */
  readonly kind: KindName;
}

const ways: readonly Way[] = [
  { name: 'kl', kinds: [], kind: 'kl' },
  ...kinds.slice(1).map(({ name }) => ({ name, kinds: [name], kind: name })),
  { name: 'kl, attention known', kinds: ['attention'], kind: 'kl' },
];

/**
 * What does an edge kind cost? Steps of the same networks with edges of every kind, by turns in one
 * process; prints the time of a step by the clock and the processor's, also as a ratio to KL edges.
 */
export async function bench(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      models: { type: 'string', default: 'resnet8,resnet8' },
      batch: { type: 'string', default: '64' },
      rounds: { type: 'string', default: '15' },
      threads: { type: 'string', default: '2' },
    },
  });
  const engine = await openEngine({ engine: 'tensorflow', threads: Number(values.threads) });
  const models = values.models.split(',');
  const steps = await Promise.all(
    ways.map((way) => prepared(engine, models, Number(values.batch), way)),
  );
  const times = ways.map((): Spent[] => []);
  for (let round = 0; round <= Number(values.rounds); round++)
    for (const [i, train] of steps.entries()) {
      const spent = train();
      if (round > 0) times[i]!.push(spent);
    }
  for (const [i, { name }] of ways.entries()) {
    const [all, fastest, processor] = (['seconds', 'processor'] as const).flatMap((what) => {
      const own = times[i]!.map((spent) => spent[what]);
      return what === 'seconds' ? [median(own), Math.min(...own)] : [median(own)];
    }) as [number, number, number];
    const least = Math.min(...times[0]!.map(({ seconds }) => seconds));
    const used = median(times[0]!.map((spent) => spent.processor));
    console.log(
      `${name}: median ${round(1000 * all)} ms a step, fastest ${round(1000 * fastest)} ms (${round(fastest / least, 3)} of KL's), processor ${round(1000 * processor)} ms (${round(processor / used, 3)} of KL's)`,
    );
  }
  return 0;
}

async function prepared(
  engine: Engine,
  models: readonly string[],
  batch: number,
  way: Way,
): Promise<() => Spent> {
  const architectures = models.map((name) => architecture(name));
  const plan: StepPlan = { architectures, classes: CLASSES, batch, kinds: way.kinds };
  const step = await engine.compile(plan);
  start(step);
  const all = Int32Array.from({ length: IMAGES }, (_, image) => image);
  const epoch = epochBatches(1, 1, all, batch);
  const columns = models.length + 1;
  const size = models.length * columns;
  const isOwn = (i: number): boolean => i % columns === Math.floor(i / columns) + 1;
  const each = (value: (i: number) => number): Float32Array =>
    Float32Array.from({ length: size }, (_, i) => value(i));
  const input = {
    rates: { learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 },
    edges: {
      weight: each((i) => (isOwn(i) ? 0 : 1)),
      onlyCorrect: each(() => 0),
      temperature: each(() => 1),
      kind: each((i) => (i % columns === 0 ? 0 : kindIndex(way.kind))),
    },
    trained: [...models.keys()],
  };
  let at = 0;
  return () => {
    const codes = epoch.subarray(at, at + batch * 4);
    at = (at + batch * 4) % epoch.length;
    const begun = performance.now();
    const before = process.cpuUsage();
    step.train({ codes, ...input });
    const { user, system } = process.cpuUsage(before);
    return { seconds: (performance.now() - begun) / 1000, processor: (user + system) / 1e6 };
  };
}

function start(step: Step): void {
  const random = stream(1, 'bench');
  const labels = Int32Array.from({ length: IMAGES }, (_, image) => image % CLASSES);
  step.load({
    images: Uint8Array.from({ length: IMAGES * 3072 }, () => random.below(256)),
    labels,
  });
  for (const [node, model] of step.plan.architectures.entries()) {
    const parameters = initialParameters(model, CLASSES, 1, node + 1);
    const momentum = new Float32Array(parameters.length);
    step.write(node, { parameters, momentum, statistics: initialStatistics(model) });
  }
}
