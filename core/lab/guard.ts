import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Bytes of the secret that opens the lab to a browser. */
const TOKEN_BYTES = 32;

/** Why a request is turned away. */
export type Refusal = { status: 400 | 401 | 403 | 405 | 421; why: string };

/** Who may talk to a served lab: the right host, the right origin, and the secret. */
export class Guard {
  /** Given once, in the address that is opened; a second use is refused. */
  readonly token = randomBytes(TOKEN_BYTES).toString('base64url');
  /** What a browser keeps instead of the token. */
  readonly #session = randomBytes(TOKEN_BYTES).toString('base64url');
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #cookie: string;
  #used = false;

  /** @param port on which the lab listens: part of host, origin and the cookie's name, so that two labs do not meet */
  constructor(port: number, hosts: readonly string[] = ['127.0.0.1', 'localhost']) {
    this.#hosts = new Set(hosts.map((host) => `${host}:${port}`));
    this.#origins = new Set([...this.#hosts].map((host) => `http://${host}`));
    this.#cookie = `ktg-${port}`;
  }

  /** Judges any request by its address: another host name may be a page of a stranger that points here (DNS rebinding). */
  refuseHost({ headers }: IncomingMessage): Refusal | null {
    if (this.#hosts.has(headers.host ?? '')) return null;
    return { status: 421, why: 'This lab answers only under the address that it printed.' };
  }

  /** A page of another site may not ask for anything but the first page, which shows nothing without the token. */
  refuseOrigin({ headers }: IncomingMessage, wanted: 'if-given' | 'always'): Refusal | null {
    const { origin } = headers;
    if (origin === undefined && wanted === 'if-given') return null;
    if (origin !== undefined && this.#origins.has(origin)) return null;
    return { status: 403, why: 'Pages of other sites may not talk to this lab.' };
  }

  refuseStranger({ headers }: IncomingMessage): Refusal | null {
    const found = (headers.cookie ?? '')
      .split(';')
      .map((pair) => pair.trim().split('='))
      .find(([name]) => name === this.#cookie)?.[1];
    if (found !== undefined && equal(found, this.#session)) return null;
    return { status: 401, why: 'Open the address that the lab printed when it was started.' };
  }

  /** Trades the token for the cookie, once. */
  redeem(token: string): { cookie: string } | Refusal {
    if (this.#used || !equal(token, this.token))
      return {
        status: 401,
        why: this.#used
          ? 'This address has been used already, by a browser that may come in until it is closed. Run ktg serve once more for a new address; the lab goes on meanwhile.'
          : 'This is not the address that the lab printed.',
      };
    this.#used = true;
    return { cookie: `${this.#cookie}=${this.#session}; Path=/; HttpOnly; SameSite=Strict` };
  }
}

/** Comparison whose time says nothing; hashed first, since it needs equal lengths. */
const equal = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
