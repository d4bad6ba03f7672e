import type { IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import { LabError } from '../base/errors.ts';

const MAX_REDIRECTS = 5;

/**
 * GET that leaves the body as it was sent (`fetch` would unpack a .gz that is sent with a
 * Content-Encoding), follows redirects and honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY. The caller
 * consumes or destroys the answer.
 */
export async function get(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
  redirects = MAX_REDIRECTS,
): Promise<IncomingMessage> {
  const answer = await request(url, headers, signal);
  const { statusCode = 0 } = answer;
  const { location } = answer.headers;
  if (statusCode < 300 || statusCode >= 400 || statusCode === 304 || !location) return answer;
  answer.destroy();
  if (redirects === 0)
    throw new LabError('data.download-refused/redirects', {
      origin: url.origin,
      pathname: url.pathname,
      limit: MAX_REDIRECTS,
    });
  return get(new URL(location, url), headers, signal, redirects - 1);
}

function request(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { Agent, get: send } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ proxyEnv: process.env });
  return new Promise((resolve, reject) => {
    send(url, { agent, headers, signal }, resolve).on('error', reject);
  });
}
