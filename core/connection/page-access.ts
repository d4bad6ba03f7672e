import { LabError } from '../base/errors.ts';
import { isPathSpec } from '../data/resolve.ts';
import type { LabApi, RequestInput, RequestName, RequestOutput } from '../lab/api.ts';

/**
 * The lab as pages get it, in a browser or in the app's window. A page may not name paths of the
 * lab's machine: it sends files and fetches them. Of data sets under a path it names those that the
 * lab knows already.
 *
 * Requests reject with LabErrors `lab.path-refused` and those of the lab.
 */
export function forPages(lab: LabApi): LabApi {
  return {
    async request<Name extends RequestName>(
      name: Name,
      input: RequestInput<Name>,
      options?: { signal?: AbortSignal },
    ): Promise<RequestOutput<Name>> {
      if (namesPath(input)) throw refused();
      if (!(await knowsData(lab, name, input))) throw refused();
      return lab.request(name, input, options);
    },
    subscribe: (topics, listener, after) => lab.subscribe(topics, listener, after),
  };
}

/** Fields that the lab takes for a path, in a request or in its file. */
const PATHS = ['path', 'dataFolder'] as const;

function namesPath(input: unknown): boolean {
  return [input, at(input, 'file')].some((part) =>
    PATHS.some((field) => at(part, field) !== undefined),
  );
}

/**
 * Whether the data set that a request names has no path, or one that is in the lab's list or, for
 * plans, in its records.
 */
async function knowsData(lab: LabApi, name: string, input: unknown): Promise<boolean> {
  const isAboutData = name.startsWith('data.');
  const holders = [input, at(input, 'plan'), at(input, 'bundle')];
  const plan = holders.map((holder) => at(holder, 'training')).find((found) => found !== undefined);
  // A verification may name other data than its bundle.
  const own = isAboutData || name === 'reruns.verify' ? at(input, 'data') : undefined;
  const data = own ?? at(plan, 'data');
  if (typeof data !== 'string' || !isPathSpec(data)) return true;
  if ((await lab.request('data.list', {})).some((known) => known.name === data)) return true;
  return !isAboutData && (await dataOfRecords(lab)).has(data);
}

async function dataOfRecords(lab: LabApi): Promise<Set<string>> {
  const [studies, reruns, pretrained] = await Promise.all([
    lab.request('studies.list', {}),
    lab.request('reruns.list', {}),
    lab.request('pretrained.list', {}),
  ]);
  const plans = [
    ...studies.map(({ study }) => study.plan.training),
    ...reruns.map(({ rerun }) => rerun.training),
    ...pretrained.map(({ training }) => training),
  ];
  return new Set(plans.map(({ data }) => data));
}

const at = (value: unknown, field: string): unknown =>
  typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[field]
    : undefined;

const refused = (): LabError => new LabError('lab.path-refused');
