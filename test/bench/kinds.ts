import { parseArgs } from 'node:util';
import type { Engine, StepPlan } from '../../core/engine/engine.ts';
import { openEngine } from '../../core/engine/open.ts';
import { kindIndex, type KindName, kinds } from '../../core/kinds/kinds.ts';
import { architecture } from '../../core/models/architecture.ts';
import { batchesOf, fill, median, round, settings } from './measure.ts';

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
  for (let turn = 0; turn <= Number(values.rounds); turn++)
    for (const [i, train] of steps.entries()) {
      const spent = train();
      if (turn > 0) times[i]!.push(spent);
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
  fill(step, IMAGES);
  const nextCodes = batchesOf(IMAGES, batch);
  const columns = models.length + 1;
  const { edges, ...others } = settings(models.length);
  const kind = edges.weight.map((_, i) => (i % columns === 0 ? 0 : kindIndex(way.kind)));
  return () => {
    const codes = nextCodes();
    const begun = performance.now();
    const before = process.cpuUsage();
    step.train({ codes, ...others, edges: { ...edges, kind } });
    const { user, system } = process.cpuUsage(before);
    return { seconds: (performance.now() - begun) / 1000, processor: (user + system) / 1e6 };
  };
}
