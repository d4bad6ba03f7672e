import type { Answers, LabContext } from '../lab-context.ts';

type Names = 'engine.install' | 'engine.cancel' | 'engine.remove';

/** TensorFlow's library. */
export function engineRequests({ engine }: LabContext): Answers<Names> {
  return {
    'engine.install': ({ kind }) => engine.install(kind),
    'engine.cancel': () => engine.cancel(),
    'engine.remove': () => engine.remove(),
  };
}
