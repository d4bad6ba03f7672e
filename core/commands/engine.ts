import { nextOf } from '../base/command-words.ts';
import { LabError } from '../base/errors.ts';
import { installWithView } from '../install/progress-lines.ts';
import { removeLibrary } from '../install/library.ts';
import { libraryStatus, verifyLibrary } from '../install/library-status.ts';
import type { Variant } from '../install/release.ts';
import { type Command, Exit } from './command.ts';
import { measureCards } from './engine-measure.ts';
import { line } from './report.ts';
import { interruption } from './training-run.ts';
import { choiceOf, textOf } from './values.ts';
import { diagnose } from '../devices/cuda-diagnosis.ts';
import { probeCuda } from '../devices/cuda-probe.ts';

const verbs = ['status', 'install', 'remove', 'measure'];
const variants: readonly Variant[] = ['cpu', 'gpu'];

export const command: Command = {
  forms: [
    ['engine status [gpu]', 'shows what is installed'],
    [
      'engine install [gpu]',
      "downloads TensorFlow's library into the user's cache (274 MB for the processor; for cards " +
        "573 MB, and 2.8 GB of CUDA's libraries)",
    ],
    ['engine remove [gpu]', 'deletes it'],
    [
      'engine measure',
      'measures how many slots suit each card and saves the result for the lab; ' +
        'takes some minutes, during which nothing else should compute on the cards',
    ],
  ],
  options: {
    wheel: {
      type: 'string',
      value: 'FILE',
      help: 'install from this copy of the published wheel instead of a download',
    },
    cuda: {
      type: 'string',
      value: 'C',
      help: "gpu: own (default) installs CUDA 12's libraries too, system uses those of this system",
    },
    verify: { type: 'boolean', help: 'status: also compare every file with its checksum' },
    arch: {
      type: 'string',
      value: 'A',
      help: 'measure: networks to train, such as resnet32 (default) or resnet32+resnet110',
    },
    precision: {
      type: 'string',
      value: 'P',
      help: 'measure: tf32 (default), float32 or bfloat16',
    },
    steps: { type: 'string', value: 'N', help: 'measure: training steps of each worker (300)' },
    json: { type: 'boolean', help: 'measure: one line of JSON for each kind of card' },
  },
  note:
    'Without this library everything runs on the portable engine, much more slowly. ' +
    "The cache is KTG_HOME, else the platform's folder for caches.",
  words: 2,
  async run(values, [verb, which]) {
    if (!verbs.includes(verb ?? ''))
      throw new LabError('arguments.missing/engine', { verbs: verbs.join(', ') });
    if (which !== undefined && !variants.includes(which as Variant))
      throw new LabError('arguments.unknown-choice/engine', {
        which,
        variants: variants.join(', '),
      });
    if (verb === 'measure') {
      if (which === 'cpu') throw new LabError('arguments.unknown-choice/measure');
      return measureCards(values);
    }
    const variant = (which ?? 'cpu') as Variant;
    if (verb === 'install')
      return install(
        variant,
        textOf(values, 'wheel'),
        choiceOf(values, 'cuda', ['own', 'system'], 'own'),
      );
    if (verb === 'remove') {
      const removed = await removeLibrary(variant);
      line(removed.length === 0 ? 'Nothing is installed.' : `Removed ${removed.join(', ')}.`);
      return Exit.done;
    }
    let ready = false;
    for (const each of which === undefined ? variants : [variant]) {
      const status = values.verify === true ? await verifyLibrary(each) : libraryStatus(each);
      line(status.found);
      if (status.folder !== '') line(`Folder: ${status.folder}`);
      if (status.steps.length > 0) line(nextOf(status.steps));
      if (each === 'gpu' && (which === 'gpu' || status.state === 'ready')) showCards();
      ready ||= status.state === 'ready';
    }
    return ready ? Exit.done : Exit.failed;
  },
};

/** Prints every reason why TensorFlow cannot use the cards, or that it can. */
function showCards(): void {
  const problems = diagnose(probeCuda());
  if (problems.length === 0) line('Driver, cards and libraries fit together.');
  for (const { found, steps } of problems) line(`${found}\n-> ${nextOf(steps)}`);
}

async function install(
  variant: Variant,
  wheel: string | undefined,
  cuda: 'own' | 'system',
): Promise<number> {
  const stop = interruption();
  try {
    const status = await installWithView(process.stderr, {
      variant,
      wheel,
      cuda,
      signal: stop.signal,
    });
    line(status.found);
    if (variant === 'gpu') showCards();
    return Exit.done;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    line('Interrupted. The next install continues from here.');
    return Exit.interrupted;
  } finally {
    stop.end();
  }
}
