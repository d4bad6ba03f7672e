import { app } from 'electron';

/**
 * Links from outside that lead to a place of the app: `ktg-lab://studies/3`. As in
 * build/packaging.js.
 */
export const SCHEME = 'ktg-lab';
const START = `${SCHEME}://`;
/** Characters of a link: a graph of seven nodes and a filter have room. */
const LONGEST = 4096;

export const linkTo = (place: string): string => START + place;

/** Makes the app the one that opens links. On Linux and macOS its package says so already. */
export function registerLinks(platform: NodeJS.Platform = process.platform): void {
  if (!app.isPackaged || platform !== 'win32') return;
  // Behind `--` a link cannot be read as a switch.
  app.setAsDefaultProtocolClient(SCHEME, process.execPath, ['--']);
}

/**
 * The place that a link leads to, null when it is none. Links come from strangers: only what
 * addresses are written with gets through, and all that it can do is to be shown.
 */
export function placeIn(link: string): string | null {
  if (!link.startsWith(START) || link.length > LONGEST) return null;
  const place = link.slice(START.length).replace(/^\/+|\/+$/g, '');
  return /^[\w%/?&=,.~*!()'-]*$/.test(place) ? place : null;
}
