/**
 * Pages of the app: one list with the address (the part of the URL after `#`), title, place in the
 * navigation and key of each. Parsing, links, titles, keys and the desktop menu derive from it.
 */
import { numberIn, parseRunName, runNameText, type RunName } from './run-name.ts';

export type Route =
  | { readonly view: 'studies' }
  /** Begins from a graph in its text form; `locks`: edges (`source-destination`) that stay. */
  | { readonly view: 'new-study'; readonly from: string | null; readonly locks: readonly string[] }
  /**
   * `trial`: the selected one; `filter`: in its text form; `run`: the selected trial's run id, in
   * addresses of earlier versions.
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
  /** `text`: a graph in its text form, '' for an empty editor; `locks`: its locked edges. */
  | { readonly view: 'graph'; readonly text: string; readonly locks?: readonly string[] }
  /** `graphs`: graphs in their text form, trained or not. */
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

type View = Exclude<Route['view'], 'unknown'>;
type RouteOf<V extends View> = Extract<Route, { readonly view: V }>;
/** Values of a path's parameters, as text. */
type Values = Readonly<Record<string, string | undefined>>;

interface Page<V extends View> {
  readonly view: V;
  /** Address after `#/`: `:name` is a number (`:variant` a word), `*name` any text to the end. */
  readonly path: string;
  /** Title of the window while no record gives a better one. */
  readonly title: string;
  /** View of the navigation that the page belongs to. */
  readonly place: View;
  /** Digit that opens a place of the navigation: after `g`, and with Ctrl in the desktop menu. */
  readonly key?: string;
  readonly icon?: string;
  /** Fields of the route in an address; a page without fields has no `read`. */
  read?(values: Values, query: URLSearchParams): Omit<RouteOf<V>, 'view'>;
  /** Parameters after `?`; empty ones are left out. */
  query?(route: RouteOf<V>): readonly (string | false | undefined)[];
}

type AnyPage = { [V in View]: Page<V> }[View];

/** At most so many runs and graphs stand side by side. */
export const COMPARED_LIMIT = 6;

/** Where a view has several paths, the first whose parameters the route has is written. */
const pages = [
  {
    view: 'studies',
    path: 'studies',
    title: 'Studies',
    place: 'studies',
    key: '1',
    icon: 'studies',
  },
  {
    view: 'new-study',
    path: 'studies/new',
    title: 'New study',
    place: 'studies',
    read: (_, query) => ({ from: query.get('from'), locks: locksIn(query) }),
    query: ({ from, locks }) =>
      from === null ? [] : [`from=${encodeURIComponent(from)}`, `locks=${locks.join(',')}`],
  },
  {
    view: 'study',
    path: 'studies/:study',
    title: 'Study',
    place: 'studies',
    read: ({ study }, query) => {
      const filter = query.get('filter');
      const trial = numberIn(query.get('trial'));
      const run = trial === null ? numberIn(query.get('run')) : null;
      return {
        study: Number(study),
        trial,
        ...(run !== null && { run }),
        ...(filter && { filter }),
      };
    },
    query: ({ trial, run, filter }) => [
      trial !== null ? `trial=${trial}` : run !== undefined && `run=${run}`,
      filter && `filter=${encodeURIComponent(filter)}`,
    ],
  },
  {
    view: 'trial',
    path: 'studies/:study/trial/:trial',
    title: 'Trial',
    place: 'studies',
    read: ({ study, trial }) => ({ study: Number(study), trial: Number(trial) }),
  },
  {
    view: 'run', // of earlier versions
    path: 'studies/:study/trials/:id',
    title: 'Run',
    place: 'studies',
    read: ({ study, id }) => ({ run: { id: Number(id), study: Number(study) } }),
  },
  {
    view: 'run',
    path: 'runs/:id',
    title: 'Run',
    place: 'reruns',
    read: ({ id }) => ({ run: { id: Number(id) } }),
  },
  { view: 'graphs', path: 'graphs', title: 'Graphs', place: 'graphs', key: '2', icon: 'graph' },
  {
    view: 'graph',
    path: 'graph/*text',
    title: 'Graph editor',
    place: 'graphs',
    read: ({ text = '' }, query) => {
      const locks = locksIn(query);
      return { text: decode(text), ...(locks.length > 0 && { locks }) };
    },
    query: ({ locks = [] }) => [locks.length > 0 && `locks=${locks.join(',')}`],
  },
  {
    view: 'compare',
    path: 'compare',
    title: 'Compare',
    place: 'compare',
    key: '3',
    icon: 'compare',
    read: (_, query) => {
      const named = [...new Set((query.get('runs') ?? '').split(','))].map(parseRunName);
      const runs = named.filter((run) => run !== null).slice(0, COMPARED_LIMIT);
      const graphs = [...new Set(query.getAll('graph'))].slice(0, COMPARED_LIMIT - runs.length);
      return { runs, ...(graphs.length > 0 && { graphs }) };
    },
    query: ({ runs, graphs = [] }) => [
      runs.length > 0 && `runs=${runs.map(runNameText).join(',')}`,
      ...graphs.map((text) => `graph=${encodeURIComponent(text)}`),
    ],
  },
  {
    view: 'reruns',
    path: 'reruns',
    title: 'Re-runs',
    place: 'reruns',
    key: '4',
    icon: 'rerun',
  },
  {
    view: 'rerun',
    path: 'reruns/:rerun',
    title: 'Re-run',
    place: 'reruns',
    read: ({ rerun }) => ({ rerun: Number(rerun) }),
  },
  {
    view: 'run',
    path: 'reruns/:rerun/:variant/:seed',
    title: 'Run',
    place: 'reruns',
    read: ({ rerun, variant = '', seed }) => ({
      run: { rerun: Number(rerun), variant, seed: Number(seed) },
    }),
  },
  { view: 'data', path: 'data', title: 'Data', place: 'data', key: '5', icon: 'data' },
  {
    view: 'run',
    path: 'pretrained/:pretrained',
    title: 'Run',
    place: 'data',
    read: ({ pretrained }) => ({ run: { pretrained: Number(pretrained) } }),
  },
  {
    view: 'settings',
    path: 'settings',
    title: 'Settings',
    place: 'settings',
    key: '6',
    icon: 'settings',
  },
  {
    view: 'log',
    path: 'log',
    title: 'Log',
    place: 'log',
    key: '7',
    icon: 'log',
    read: (_, query) => ({
      run: parseRunName(query.get('run') ?? ''),
      study: numberIn(query.get('study')),
    }),
    query: ({ run, study }) => [
      run !== null ? `run=${runNameText(run)}` : study !== null && `study=${study}`,
    ],
  },
] as const satisfies readonly AnyPage[];

/** A page that the navigation and the desktop menu lead to. */
export type Place = Extract<(typeof pages)[number], { readonly key: string }>;

/** Places of the navigation, in their order. */
export const places: readonly Place[] = pages.filter((page): page is Place => 'key' in page);

const matchers = (pages as readonly Page<View>[]).map((page) => ({
  page,
  pattern: new RegExp(
    `^${page.path.replace(/:(\w+)|\/\*(\w+)/g, (_, name: string, text: string) => {
      if (text) return `(?:/(?<${text}>.*))?`;
      return `(?<${name}>${name === 'variant' ? '[a-z-]{1,20}' : '\\d{1,15}'})`;
    })}$`,
  ),
}));

/** Reads the part after `#`. Never throws: an address that leads nowhere is the view `unknown`. */
export function parseRoute(hash: string): Route {
  const address = hash.replace(/^#?\/?/, '');
  const [path = '', query = ''] = address.split('?');
  for (const { page, pattern } of matchers) {
    const match = pattern.exec(path || 'studies');
    if (!match) continue;
    const fields = page.read?.(match.groups ?? {}, new URLSearchParams(query));
    return { view: page.view, ...fields } as Route;
  }
  return { view: 'unknown', address: address.slice(0, 200) };
}

/** The address of a route, `#/...`. */
export function hrefOf(route: Route): string {
  if (route.view === 'unknown') return `#/${route.address}`;
  const page = pageOf(route);
  const fields = fieldsOf(route);
  const path = page.path.replace(/[:*](\w+)/g, (_, name: string) =>
    encodeURIComponent(String(fields[name])),
  );
  const query = (page.query?.(route) ?? []).filter(Boolean).join('&');
  return `#/${path}${query && `?${query}`}`;
}

/** The address of the page of one run. */
export const hrefOfRun = (run: RunName): string => hrefOf({ view: 'run', run });

/** Title of the window while no record gives a better one. */
export const pageTitleOf = (route: Route): string =>
  route.view === 'unknown' ? 'Not found' : pageOf(route).title;

/** The view of the navigation that a route belongs to; null of an unknown address. */
export const placeOf = (route: Route): View | null =>
  route.view === 'unknown' ? null : pageOf(route).place;

/** The first page of the route's view whose parameters the route has. */
function pageOf(route: RouteOf<View>): Page<View> {
  const fields = fieldsOf(route);
  const view = route.view === 'run' && 'trial' in route.run ? 'trial' : route.view;
  return (pages as readonly Page<View>[]).find(
    (page) =>
      page.view === view &&
      [...page.path.matchAll(/[:*](\w+)/g)].every(([, name = '']) => name in fields),
  )!;
}

/** Values that a path may hold. */
const fieldsOf = (route: RouteOf<View>): Readonly<Record<string, unknown>> => ({
  ...(route.view === 'run' ? route.run : route),
});

/** Edges as `source-destination`. */
const locksIn = (query: URLSearchParams): string[] =>
  (query.get('locks') ?? '').split(',').filter((lock) => /^\d-\d$/.test(lock));

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
