import { app } from 'electron';

/**
 * Scheme of links from outside to a place of the app: `ktg-lab://studies/3`. Equal to
 * build/packaging.js.
 */
const SCHEME = 'ktg-lab';
const START = `${SCHEME}://`;
/** Most characters of a link: enough for a graph of seven nodes and a filter. */
const LONGEST = 4096;

export const linkTo = (place: string): string => START + place;

/** Registers the app as the handler of links. Packages for Linux and macOS declare this already. */
export function registerLinks(platform: NodeJS.Platform = process.platform): void {
  if (!app.isPackaged || platform !== 'win32') return;
  // After `--`, a link cannot be a switch.
  app.setAsDefaultProtocolClient(SCHEME, process.execPath, ['--']);
}

/**
 * Returns the place of a link; null for anything else. Links are untrusted: only characters of
 * addresses pass, and a place is only shown.
 */
export function placeIn(link: string): string | null {
  if (!link.startsWith(START) || link.length > LONGEST) return null;
  const place = link.slice(START.length).replace(/^\/+|\/+$/g, '');
  return /^[\w%/?&=,.~*!()'-]*$/.test(place) ? place : null;
}
