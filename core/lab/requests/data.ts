import type { Answers, LabContext } from '../lab-context.ts';

type Names =
  | 'data.list'
  | 'data.download'
  | 'data.cancel'
  | 'data.add'
  | 'data.remove'
  | 'data.decoded'
  | 'data.clean'
  | 'data.samples';

/** Data sets. */
export function dataRequests({ dataSets }: LabContext): Answers<Names> {
  return {
    'data.list': () => dataSets.list(),
    'data.download': ({ data }) => dataSets.download(data),
    'data.cancel': ({ data }) => dataSets.cancel(data),
    'data.add': (input, signal) => dataSets.add(input, signal),
    'data.remove': async ({ data, copy = false }) => {
      await dataSets.remove(data, copy);
      return {};
    },
    'data.decoded': () => dataSets.decoded(),
    'data.clean': () => dataSets.clean(),
    'data.samples': ({ data, count }, signal) => dataSets.samples(data, count, signal),
  };
}
