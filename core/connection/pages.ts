import { readFile, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/** Nothing inline, nothing from elsewhere, no frames. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Headers of every answer that a window gets, over HTTP as over the app's own scheme. */
export const pageHeaders = {
  'Content-Security-Policy': pagePolicy,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=()',
  'Cache-Control': 'no-store',
};

export interface Page {
  content: Buffer;
  type: string;
  /** Files with a hash in their name never change. */
  lasting: boolean;
}

/**
 * A file of the built window by the path of an address; null when there is none. Only plain names
 * below the folder are looked at: no dots at the beginning of a part, no encoded slashes, no links
 * out of it.
 */
export async function pageAt(folder: string, path: string): Promise<Page | null> {
  const names = (path === '/' ? '/index.html' : path).slice(1).split('/');
  if (!names.every((name) => /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name))) return null;
  const file = join(folder, ...names);
  const type = types[extname(file)];
  if (type === undefined || !file.startsWith(folder + sep)) return null;
  const [real, root] = await Promise.all([
    realpath(file).catch(() => ''),
    realpath(folder).catch(() => ''),
  ]);
  if (!real.startsWith(root + sep) || !(await stat(real)).isFile()) return null;
  return { content: await readFile(file), type, lasting: names[0] === 'assets' };
}
