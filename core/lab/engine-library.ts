import { withNext } from '../base/errors.ts';
import { diagnose, problemsOf } from '../devices/cuda-diagnosis.ts';
import { probeCuda } from '../devices/cuda-probe.ts';
import { computesBfloat16 } from '../devices/processor.ts';
import { installLibrary, removeLibrary } from '../install/library.ts';
import { libraryStatus } from '../install/library-status.ts';
import { progressWriter } from '../install/progress.ts';
import { tensorflowVersion, type Variant } from '../install/release.ts';
import type { LabProblem } from '../base/problem.ts';
import type { Card } from '../devices/cards.ts';
import type { RequestedEngine } from '../workers/messages.ts';

/** Which engine workers get, as far as it can be said without opening one. */
export interface EngineFacts {
  engine: 'tensorflow' | 'portable';
  version: string;
  kind: 'gpu' | 'cpu' | 'portable';
  /** What one click would make faster; '' when nothing. */
  advice: string;
  /** Whether training in bfloat16 works here. */
  bfloat16: boolean;
  installed: { kind: Variant; version: string; bytes: number }[];
  problem: LabProblem | null;
}

/**
 * Looks at names and sizes of files only: a millisecond.
 *
 * @param onCards whether work goes to cards, which an installed library alone does not say; null
 * where nothing works
 */
export function engineFacts(
  requested: RequestedEngine,
  onCards: boolean | null = null,
): EngineFacts {
  const variants = [libraryStatus('cpu'), libraryStatus('gpu')];
  const ready = variants.filter(({ state }) => state === 'ready');
  const installed = ready.map(({ variant, bytes }) => ({
    kind: variant,
    version: tensorflowVersion,
    bytes,
  }));
  const best = ready.find(({ variant }) => variant === 'gpu') ?? ready[0];
  const cpu = variants[0]!;
  const problem = withNext({
    code: `engine.${cpu.state}`,
    message: cpu.found,
    steps: cpu.steps,
  });
  if (best && requested !== 'portable') {
    const kind = onCards === false ? 'cpu' : best.variant;
    return {
      engine: 'tensorflow',
      version: `TensorFlow ${tensorflowVersion}`,
      kind,
      advice: '',
      bfloat16: kind === 'gpu' || computesBfloat16(),
      installed,
      problem: null,
    };
  }
  const installable = cpu.state !== 'unsupported' && !best;
  return {
    engine: 'portable',
    version: 'tfjs WASM',
    kind: 'portable',
    advice: best
      ? 'TensorFlow is installed: choosing it makes training much faster.'
      : installable
        ? 'Installing TensorFlow makes training much faster.'
        : '',
    bfloat16: false,
    installed,
    problem: cpu.state === 'damaged' || requested === 'tensorflow' ? problem : null,
  };
}

/**
 * Why workers cannot compute on a card of this machine, and what to do; null when they can. For
 * null: why there is none, which only matters where the library for cards is installed. Asks the
 * driver once, for all.
 */
export function obstaclesTo(cards: readonly Card[]): (card: Card | null) => LabProblem | null {
  const { state, found, steps } = libraryStatus('gpu');
  if (state !== 'ready') {
    const missing = withNext({ code: `engine.${state}`, message: found, steps });
    return (card) => (card ? missing : null);
  }
  const wholes = new Set(cards.map(({ uuid, parent }) => parent ?? uuid));
  const problems = diagnose(probeCuda(process.env, [...wholes]));
  return (card) => {
    const [problem] = problemsOf(problems, card?.parent ?? card?.uuid);
    return problem
      ? withNext({ code: problem.code, message: problem.found, steps: problem.steps })
      : null;
  };
}

/** How an install goes; bytes are 0 in steps that are not counted in bytes. */
export interface InstallProgress {
  step: string;
  bytes: number;
  total: number | null;
}

/** Installs the engine's library. Throws LabError `engine.*`. */
export async function installEngine(
  variant: Variant,
  onProgress: (progress: InstallProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const words = progressWriter();
  await installLibrary({
    variant,
    signal,
    onProgress: (progress) => {
      const counted =
        'done' in progress
          ? { bytes: progress.done, total: progress.total }
          : { bytes: 0, total: null };
      onProgress({ step: words(progress), ...counted });
    },
  });
}

/** Removes every variant of the library. */
export async function removeEngine(): Promise<void> {
  for (const variant of ['cpu', 'gpu'] as const)
    if (libraryStatus(variant).state !== 'unsupported') await removeLibrary(variant);
}
