/** Addresses inside the app: everything that can be looked at has one, in the part of the URL after `#`. */
export type Route =
  | { readonly view: 'studies' }
  /** From a graph in its text form, with the edges (`source-destination`) that the search may not change. */
  | { readonly view: 'new-study'; readonly from: string | null; readonly locks: readonly string[] }
  /** With the selected run and the filter in its text form. */
  | { readonly view: 'study'; readonly study: number; readonly run: number | null; readonly filter?: string }
  | { readonly view: 'trial'; readonly study: number; readonly run: number }
  | { readonly view: 'run'; readonly run: number }
  | { readonly view: 'graphs' }
  /** A graph in its text form, with the edges that are locked; '' is an empty editor. */
  | { readonly view: 'graph'; readonly text: string; readonly locks?: readonly string[] }
  /** Runs, and graphs in their text form that need not have been trained. */
  | { readonly view: 'compare'; readonly runs: readonly number[]; readonly graphs?: readonly string[] }
  | { readonly view: 'reruns' }
  | { readonly view: 'rerun'; readonly rerun: number }
  | { readonly view: 'data' }
  | { readonly view: 'settings' }
  | { readonly view: 'log'; readonly run: number | null; readonly study: number | null }
  | { readonly view: 'unknown'; readonly address: string };

const whole = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;

/** Reads the part after `#`. Nothing throws: what is not understood is shown as such. */
export function parseRoute(hash: string): Route {
  const address = hash.replace(/^#?\/?/, '');
  const [path = '', query = ''] = address.split('?');
  const parameters = new URLSearchParams(query);
  const [head, first, second, third, ...rest] = path.split('/');
  const id = whole(first);
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
        const run = whole(parameters.get('run') ?? undefined);
        return { view: 'study', study: id, run, ...(filter && { filter }) };
      }
      const run = whole(third);
      return second === 'trials' && run !== null ? { view: 'trial', study: id, run } : unknown;
    }
    case 'runs':
      return id === null ? unknown : { view: 'run', run: id };
    case 'graphs':
      return { view: 'graphs' };
    case 'graph': {
      const locks = locksIn(parameters);
      return { view: 'graph', text: decode(path.slice('graph/'.length)), ...(locks.length > 0 && { locks }) };
    }
    case 'compare': {
      const named = (parameters.get('runs') ?? '').split(',').map(whole);
      const runs = [...new Set(named.filter((run) => run !== null))].slice(0, 6);
      const graphs = [...new Set(parameters.getAll('graph'))].slice(0, 6 - runs.length);
      return { view: 'compare', runs, ...(graphs.length > 0 && { graphs }) };
    }
    case 'reruns':
      if (first === undefined) return { view: 'reruns' };
      return id === null ? unknown : { view: 'rerun', rerun: id };
    case 'data':
    case 'settings':
      return { view: head };
    case 'log':
      return {
        view: 'log',
        run: whole(parameters.get('run') ?? undefined),
        study: whole(parameters.get('study') ?? undefined),
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
      const { study, run, filter } = route;
      const parameters = [run !== null && `run=${run}`, filter && `filter=${encodeURIComponent(filter)}`];
      const query = parameters.filter(Boolean).join('&');
      return `#/studies/${study}${query && `?${query}`}`;
    }
    case 'trial':
      return `#/studies/${route.study}/trials/${route.run}`;
    case 'run':
      return `#/runs/${route.run}`;
    case 'graph': {
      const locks = route.locks ?? [];
      return `#/graph/${encodeURIComponent(route.text)}${locks.length > 0 ? `?locks=${locks.join(',')}` : ''}`;
    }
    case 'compare': {
      const { runs, graphs = [] } = route;
      const parameters = [
        ...(runs.length > 0 ? [`runs=${runs.join(',')}`] : []),
        ...graphs.map((text) => `graph=${encodeURIComponent(text)}`),
      ];
      return `#/compare${parameters.length > 0 ? `?${parameters.join('&')}` : ''}`;
    }
    case 'rerun':
      return `#/reruns/${route.rerun}`;
    case 'log': {
      if (route.run !== null) return `#/log?run=${route.run}`;
      return route.study === null ? '#/log' : `#/log?study=${route.study}`;
    }
    case 'unknown':
      return `#/${route.address}`;
    default:
      return `#/${route.view}`;
  }
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
