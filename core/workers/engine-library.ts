import { installLibrary, libraryStatus, removeLibrary } from '../engine/tensorflow/library.ts';
import { progressWriter } from '../engine/tensorflow/progress.ts';
import { tensorflowVersion, type Variant } from '../engine/tensorflow/release.ts';
import type { LabProblem } from '../study/problem.ts';
import type { EngineWish } from './messages.ts';

/** Which engine workers get, as far as it can be said without opening one. */
export interface EngineFacts {
  engine: 'tensorflow' | 'portable';
  version: string;
  kind: 'gpu' | 'cpu' | 'portable';
  /** What one click would make faster, and how much; '' when nothing. */
  advice: string;
  installed: { kind: Variant; version: string; bytes: number }[];
  problem: LabProblem | null;
}

/** Looks at names and sizes of files only: a millisecond. */
export function engineFacts(wish: EngineWish): EngineFacts {
  const variants = [libraryStatus('cpu'), libraryStatus('gpu')];
  const ready = variants.filter(({ state }) => state === 'ready');
  const installed = ready.map(({ variant, bytes }) => ({ kind: variant, version: tensorflowVersion, bytes }));
  const best = ready.find(({ variant }) => variant === 'gpu') ?? ready[0];
  const cpu = variants[0]!;
  const problem = {
    code: `engine.${cpu.state}`,
    message: cpu.found,
    next: cpu.next,
  };
  if (best && wish !== 'portable')
    return {
      engine: 'tensorflow',
      version: `TensorFlow ${tensorflowVersion}`,
      kind: best.variant,
      advice: '',
      installed,
      problem: null,
    };
  const installable = cpu.state !== 'unsupported' && !best;
  return {
    engine: 'portable',
    version: 'tfjs WASM',
    kind: 'portable',
    advice: best
      ? 'TensorFlow is installed: choosing it makes training about 15 times faster.'
      : installable
        ? 'Installing TensorFlow makes training about 15 times faster.'
        : '',
    installed,
    problem: cpu.state === 'damaged' || wish === 'tensorflow' ? problem : null,
  };
}

/** True when workers can compute on cards. */
export const computesOnCards = (): boolean => libraryStatus('gpu').state === 'ready';

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
        'done' in progress ? { bytes: progress.done, total: progress.total } : { bytes: 0, total: null };
      onProgress({ step: words(progress), ...counted });
    },
  });
}

/** Removes every variant of the library. */
export async function removeEngine(): Promise<void> {
  for (const variant of ['cpu', 'gpu'] as const)
    if (libraryStatus(variant).state !== 'unsupported') await removeLibrary(variant);
}
