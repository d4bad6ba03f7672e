/**
 * Addresses inside the app: everything that can be looked at has one, in the part of the URL after
 * `#`.
 */
import { numberIn, parseRunName, runNameText, type RunName } from './run-name.ts';

export type Route =
  | { readonly view: 'studies' }
  /**
   * From a graph in its text form, with the edges (`source-destination`) that the search may not
   * change.
   */
  | { readonly view: 'new-study'; readonly from: string | null; readonly locks: readonly string[] }
  /**
   * With the selected trial and the filter in its text form; `run`: its id, in an address of an
   * earlier version.
   */
  | {
      readonly view: 'study';
      readonly study: number;
      readonly trial: number | null;
      readonly run?: number;
      readonly filter?: string;
    }
  | { readonly view: 'trial'; readonly study: number; readonly trial: number }
  | { readonly view: 'run'; readonly run: RunName }
  | { readonly view: 'graphs' }
  /** A graph in its text form, with the edges that are locked; '' is an empty editor. */
  | { readonly view: 'graph'; readonly text: string; readonly locks?: readonly string[] }
  /** Runs, and graphs in their text form that need not have been trained. */
  | {
      readonly view: 'compare';
      readonly runs: readonly RunName[];
      readonly graphs?: readonly string[];
    }
  | { readonly view: 'reruns' }
  | { readonly view: 'rerun'; readonly rerun: number }
  | { readonly view: 'data' }
  | { readonly view: 'settings' }
  | { readonly view: 'log'; readonly run: RunName | null; readonly study: number | null }
  | { readonly view: 'unknown'; readonly address: string };

/** Reads the part after `#`. Nothing throws: what is not understood is shown as such. */
export function parseRoute(hash: string): Route {
  const address = hash.replace(/^#?\/?/, '');
  const [path = '', query = ''] = address.split('?');
  const parameters = new URLSearchParams(query);
  const [head, first, second, third, ...rest] = path.split('/');
  const id = numberIn(first);
  const unknown: Route = { view: 'unknown', address: address.slice(0, 200) };
  if (rest.length > 0) return unknown;
  switch (head) {
    case '':
    case 'studies': {
      if (first === undefined) return { view: 'studies' };
      if (first === 'new' && second === undefined) {
        return { view: 'new-study', from: parameters.get('from'), locks: locksIn(parameters) };
      }
      if (id === null) return unknown;
      if (second === undefined) {
        const filter = parameters.get('filter');
        const trial = numberIn(parameters.get('trial') ?? undefined);
        const run = trial === null ? numberIn(parameters.get('run') ?? undefined) : null;
        return {
          view: 'study',
          study: id,
          trial,
          ...(run !== null && { run }),
          ...(filter && { filter }),
        };
      }
      const number = numberIn(third);
      if (number === null) return unknown;
      if (second === 'trial') return { view: 'trial', study: id, trial: number };
      return second === 'trials' ? { view: 'run', run: { id: number, study: id } } : unknown;
    }
    case 'runs':
      return id === null ? unknown : { view: 'run', run: { id } };
    case 'pretrained':
      return id === null ? unknown : { view: 'run', run: { pretrained: id } };
    case 'graphs':
      return { view: 'graphs' };
    case 'graph': {
      const locks = locksIn(parameters);
      return {
        view: 'graph',
        text: decode(path.slice('graph/'.length)),
        ...(locks.length > 0 && { locks }),
      };
    }
    case 'compare': {
      const named = [...new Set((parameters.get('runs') ?? '').split(','))].map(parseRunName);
      const runs = named.filter((run) => run !== null).slice(0, 6);
      const graphs = [...new Set(parameters.getAll('graph'))].slice(0, 6 - runs.length);
      return { view: 'compare', runs, ...(graphs.length > 0 && { graphs }) };
    }
    case 'reruns':
      if (first === undefined) return { view: 'reruns' };
      if (id === null) return unknown;
      if (second !== undefined) {
        const run = parseRunName(`rerun${id}.${second}.${third ?? ''}`);
        return run ? { view: 'run', run } : unknown;
      }
      return { view: 'rerun', rerun: id };
    case 'data':
    case 'settings':
      return { view: head };
    case 'log':
      return {
        view: 'log',
        run: parseRunName(parameters.get('run') ?? ''),
        study: numberIn(parameters.get('study') ?? undefined),
      };
    default:
      return unknown;
  }
}

/** The address of a route, `#/...`. */
export function hrefOf(route: Route): string {
  switch (route.view) {
    case 'studies':
      return '#/studies';
    case 'new-study': {
      if (route.from === null) return '#/studies/new';
      return `#/studies/new?from=${encodeURIComponent(route.from)}&locks=${route.locks.join(',')}`;
    }
    case 'study': {
      const { study, trial, run, filter } = route;
      const at = trial !== null ? `trial=${trial}` : run !== undefined && `run=${run}`;
      const parameters = [at, filter && `filter=${encodeURIComponent(filter)}`];
      const query = parameters.filter(Boolean).join('&');
      return `#/studies/${study}${query && `?${query}`}`;
    }
    case 'trial':
      return `#/studies/${route.study}/trial/${route.trial}`;
    case 'run':
      return hrefOfRun(route.run);
    case 'graph': {
      const locks = route.locks ?? [];
      return `#/graph/${encodeURIComponent(route.text)}${locks.length > 0 ? `?locks=${locks.join(',')}` : ''}`;
    }
    case 'compare': {
      const { runs, graphs = [] } = route;
      const parameters = [
        ...(runs.length > 0 ? [`runs=${runs.map(runNameText).join(',')}`] : []),
        ...graphs.map((text) => `graph=${encodeURIComponent(text)}`),
      ];
      return `#/compare${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`;
    }
    case 'rerun':
      return `#/reruns/${route.rerun}`;
    case 'log': {
      if (route.run !== null) return `#/log?run=${runNameText(route.run)}`;
      return route.study === null ? '#/log' : `#/log?study=${route.study}`;
    }
    case 'unknown':
      return `#/${route.address}`;
    default:
      return `#/${route.view}`;
  }
}

/** The address of the page of one run. */
export function hrefOfRun(run: RunName): string {
  if ('trial' in run) return `#/studies/${run.study}/trial/${run.trial}`;
  if ('seed' in run) return `#/reruns/${run.rerun}/${run.variant}/${run.seed}`;
  return 'pretrained' in run ? `#/pretrained/${run.pretrained}` : `#/runs/${run.id}`;
}

/** Edges as `source-destination`. */
const locksIn = (parameters: URLSearchParams): string[] =>
  (parameters.get('locks') ?? '').split(',').filter((lock) => /^\d-\d$/.test(lock));

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
