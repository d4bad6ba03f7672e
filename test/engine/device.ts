import type { DeviceKind } from '../../core/engine/computation.ts';
import type { Engine } from '../../core/engine/engine.ts';
import { openEngine } from '../../core/engine/open.ts';
import type { RequestedComputation } from '../../core/study/computation.ts';

/**
 * Where the tests of the operations and of the compiled step compute. KTG_TEST_DEVICE=gpu takes
 * them to the card, with the library for cards and TF32 off (`npm run parity:gpu` does); else it is
 * the processor.
 */
export const device: DeviceKind = deviceNamed(process.env.KTG_TEST_DEVICE ?? 'cpu');

function deviceNamed(name: string): DeviceKind {
  if (name === 'cpu' || name === 'gpu') return name;
  throw new Error(`KTG_TEST_DEVICE is ${name}: expected cpu or gpu.`);
}

/**
 * Two threads, and float32 without a compiler where nothing else is asked for: a card's own default
 * is TF32, compiled.
 */
export const openHere = (wish: RequestedComputation = {}, stepsPerCall?: number): Promise<Engine> =>
  openEngine({
    ...{ engine: 'tensorflow', device, threads: 2 },
    computation: { compiler: 'none', precision: 'float32', ...wish },
    ...(stepsPerCall !== undefined && { stepsPerCall }),
  });
