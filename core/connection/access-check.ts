import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { problem } from '../base/errors.ts';
import type { Greeting } from './browser-session.ts';

/** Bytes of the secrets that open the lab to a browser. */
const SECRET_BYTES = 32;

/** Why a request is turned away. */
export interface Refusal {
  status: 400 | 401 | 403 | 405 | 421;
  why: string;
}

/** Who may talk to a served lab: the right host, the right origin, and the secret. */
export class AccessCheck {
  /** Part of the printed link; trades for the session once. */
  readonly token = makeSecret();
  /** What the page keeps instead of the token; a new one for every run of the server. */
  readonly #session = makeSecret();
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  #used = false;

  /** @param port on which the lab listens: part of host and origin */
  constructor(port: number, hosts: readonly string[] = ['127.0.0.1', 'localhost']) {
    this.#hosts = new Set(hosts.map((host) => `${host}:${port}`));
    this.#origins = new Set([...this.#hosts].map((host) => `http://${host}`));
  }

  /**
   * Judges any request by its address: another host name may be a page of a stranger that points
   * here (DNS rebinding).
   */
  refuseHost({ headers }: IncomingMessage): Refusal | null {
    if (this.#hosts.has(headers.host ?? '')) return null;
    return { status: 421, why: 'This lab answers only under the address that it printed.' };
  }

  /** A page of another site may not ask for anything but the first page, which holds no secret. */
  refuseOrigin({ headers }: IncomingMessage, wanted: 'if-given' | 'always'): Refusal | null {
    const { origin } = headers;
    if (origin === undefined && wanted === 'if-given') return null;
    if (origin !== undefined && this.#origins.has(origin)) return null;
    return { status: 403, why: 'Pages of other sites may not send requests to this lab.' };
  }

  /** Admits the session always and the token once. */
  greet(key: string): Greeting {
    if (equal(key, this.#session)) return { type: 'session', session: this.#session };
    if (!equal(key, this.token)) return { type: 'refusal', ...problem('lab.stranger/restarted') };
    if (this.#used) return { type: 'refusal', ...problem('lab.link-used') };
    this.#used = true;
    return { type: 'session', session: this.#session };
  }
}

const makeSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');
/** Comparison whose time says nothing; hashed first, since it needs equal lengths. */
const equal = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
