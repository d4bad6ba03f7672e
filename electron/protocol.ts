import { protocol } from 'electron';
import { pageAt, pageHeaders } from '../core/connection/pages.ts';

/** Where the window's files are: one scheme, one host, nothing else. */
const SCHEME = 'app';
const HOST = 'lab';
export const ORIGIN = `${SCHEME}://${HOST}`;
/** What the window opens. */
export const START = `${ORIGIN}/`;

/**
 * Before the app is ready: pages of the scheme get an origin of their own and count as secure;
 * nothing else is granted.
 */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** True for addresses of the window's own page, whatever comes after its `#`. */
export function isOurs(address: string): boolean {
  const url = URL.parse(address);
  return url?.protocol === `${SCHEME}:` && url.host === HOST;
}

/**
 * Serves the files of the built window, and only these, with the headers that a browser gets from
 * `ktg serve`.
 */
export function serveWindow(folder: string): void {
  protocol.handle(SCHEME, (request) => answer(request, folder));
}

async function answer(
  { url, method }: { url: string; method: string },
  folder: string,
): Promise<Response> {
  if (!isOurs(url)) return refusal(404);
  if (method !== 'GET' && method !== 'HEAD') return refusal(405);
  const page = await pageAt(folder, new URL(url).pathname);
  if (!page) return refusal(404);
  const headers = { ...pageHeaders, 'Content-Type': page.type };
  return new Response(method === 'HEAD' ? null : new Uint8Array(page.content), { headers });
}

const refusal = (status: 404 | 405): Response =>
  new Response(status === 404 ? 'There is nothing here.' : 'Only reading is possible here.', {
    status,
    headers: { ...pageHeaders, 'Content-Type': 'text/plain; charset=utf-8' },
  });
