import type { Answers, LabContext } from '../lab-context.ts';

type Names =
  'data.list' | 'data.download' | 'data.cancel' | 'data.add' | 'data.remove' | 'data.samples';

/** Data sets. */
export function dataRequests({ dataSets }: LabContext): Answers<Names> {
  return {
    'data.list': () => dataSets.list(),
    'data.download': ({ data }) => dataSets.download(data),
    'data.cancel': ({ data }) => dataSets.cancel(data),
    'data.add': (input, signal) => dataSets.add(input, signal),
    'data.remove': async ({ data }) => {
      await dataSets.remove(data);
      return {};
    },
    'data.samples': ({ data, count }, signal) => dataSets.samples(data, count, signal),
  };
}
