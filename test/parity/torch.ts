import { join } from 'node:path';
import * as v from 'valibot';
import { LabError } from '../../core/base/errors.ts';
import { architecture } from '../../core/models/architecture.ts';
import { statistics, tensors } from '../../core/models/tensors.ts';
import type { Steps } from '../../core/train/steps.ts';
import { readTorchNetwork } from '../../core/train/torch/read-network.ts';
import { compareFlat, compareLogits, summary, type Tolerances } from './compare.ts';
import { inputFormula } from './forward.ts';
import { formulaImages } from './formulas.ts';
import { type ParityReport, Tally } from './report.ts';

const text = v.string();
const shape = v.array(v.number());

const good = v.object({
  file: text,
  accept: v.literal(true),
  model: text,
  classes: v.number(),
  logits: v.array(v.array(v.number())),
  tensors: v.array(v.object({ name: text, shape, param: summary })),
  stats: v.array(v.object({ name: text, shape, value: summary })),
});
type Good = v.InferOutput<typeof good>;

const bad = v.object({
  file: text,
  accept: v.literal(false),
  /** Words that the refusal must contain. */
  names: v.array(text),
});

const torchFixture = v.object({
  kind: v.literal('torch'),
  batch: v.number(),
  input: inputFormula,
  files: v.array(v.variant('accept', [good, bad])),
});

const SIZE = 32;

/** Checkpoints of PyTorch beside the fixture: those to accept by tensors and logits, and the rest. */
export async function torchParity(
  file: string,
  json: unknown,
  folder: string,
  allowed: (file: string, model: string) => Tolerances,
  steps: Steps,
): Promise<ParityReport> {
  const { batch, input, files } = v.parse(torchFixture, json);
  const tally = new Tally();
  const images = formulaImages(batch, 0, input, SIZE);
  for (const each of files)
    if (each.accept)
      await compareGood(tally, each, folder, images, allowed(each.file, each.model), steps);
    else await compareRefusal(tally, each.file, each.names, folder);
  return tally.report(file);
}

async function compareGood(
  tally: Tally,
  { file, model: name, classes, logits, tensors: expected, stats }: Good,
  folder: string,
  images: Float32Array,
  allowed: Tolerances,
  steps: Steps,
): Promise<void> {
  const model = architecture(name);
  const state = await readTorchNetwork(join(folder, file), model, classes, { source: file });
  const parameters = expected.map((tensor) => ({ ...tensor, value: tensor.param }));
  const specs = tensors(model, classes);
  compareFlat(tally, file, 'param', state.parameters, specs, parameters, allowed);
  compareFlat(tally, file, 'stats', state.statistics, statistics(model), stats, allowed);
  const batch = logits.length;
  const step = await steps.borrow({
    architectures: [model],
    classes,
    batch,
  });
  try {
    step.write(0, state);
    const labels = new Int32Array(batch);
    const found = step.logits({ images, labels });
    compareLogits(tally, file, 'eval_logits', found, logits, allowed);
  } finally {
    steps.giveBack(step);
  }
}

/** Names of files for a wide ResNet say so. */
const networkOf = (file: string): string => (file.includes('wrn') ? 'wrn-10-1' : 'resnet8');

async function compareRefusal(
  tally: Tally,
  file: string,
  names: readonly string[],
  folder: string,
): Promise<void> {
  let message = 'it was accepted';
  try {
    await readTorchNetwork(join(folder, file), architecture(networkOf(file)), 10, { source: file });
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    message = error.message;
    const missing = names.filter((word) => !error.message.includes(word));
    tally.exact(`${file}: words that its refusal lacks`, missing, []);
  }
  tally.exact(`${file}: refused`, message !== 'it was accepted', true);
}
