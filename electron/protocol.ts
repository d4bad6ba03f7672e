import { protocol } from 'electron';
import { pageAt, pageHeaders } from '../core/connection/pages.ts';

/** Address of the window's files: one scheme, one host. */
const SCHEME = 'app';
const HOST = 'lab';
export const ORIGIN = `${SCHEME}://${HOST}`;
/** The first page of the window. */
export const START = `${ORIGIN}/`;

/**
 * Must run before the app is ready. Pages of the scheme get their own origin and count as secure,
 * and get no other privileges.
 */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** True for addresses of the window's own page, with any fragment after `#`. */
export function isOurs(address: string): boolean {
  const url = URL.parse(address);
  return url?.protocol === `${SCHEME}:` && url.host === HOST;
}

/** Serves only the files of the built window, with the same headers as `ktg serve`. */
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
  new Response(
    status === 404
      ? 'There is no page at this address.'
      : 'Only GET and HEAD requests are possible.',
    {
      status,
      headers: { ...pageHeaders, 'Content-Type': 'text/plain; charset=utf-8' },
    },
  );
