/** Looks at a machine, a second apart, after which something is decided. */
export interface Leases {
  /** Without a beat: its slots take no runs. */
  unreachable: number;
  /** Without a beat: its runs go on elsewhere. */
  lost: number;
  /**
   * With a closed connection: its runs go on elsewhere. A process that ends closes its connection
   * at once; a network that is cut keeps it open.
   */
  closed: number;
}

export const USUAL_LEASES: Leases = { unreachable: 10, lost: 30, closed: 10 };

/** What is known of a machine's silence. */
export interface SilenceFacts {
  /** Looks since its last beat; looks while the lab itself has no connection do not count. */
  silent: number;
  /** Looks in a row at which the broker had no connection of its agent. */
  closed: number;
  /** Looks between the last beat and the first of these. */
  closedAfter: number;
}

/** Looks after a beat within which a connection that closes means that its process ended. */
const AT_ONCE = 3;

/** What a machine's silence means. Pure. */
export function aboutSilence(
  { silent, closed, closedAfter }: SilenceFacts,
  leases: Leases,
): 'reachable' | 'unreachable' | 'lost' {
  if (silent >= leases.lost) return 'lost';
  if (closed >= leases.closed && closedAfter <= AT_ONCE) return 'lost';
  return silent >= leases.unreachable || closed > 0 ? 'unreachable' : 'reachable';
}

/** How a machine was heard. */
export class Presence {
  readonly #leases: Leases;
  #silent = 0;
  #closed = 0;
  #closedAfter = 0;

  constructor(leases: Leases) {
    this.#leases = leases;
  }

  /** Looks since its last word. */
  get silent(): number {
    return this.#silent;
  }

  get state(): ReturnType<typeof aboutSilence> {
    const facts = { silent: this.#silent, closed: this.#closed, closedAfter: this.#closedAfter };
    return aboutSilence(facts, this.#leases);
  }

  /** Called at regular times: counting calls leaves out the hours in which a computer sleeps. */
  look(): void {
    this.#silent++;
    if (this.#closed > 0) this.#closed++;
  }

  heard(): void {
    this.#silent = 0;
    this.#closed = 0;
  }

  /** The broker has a connection of its agent. */
  open(): void {
    this.#closed = 0;
  }

  /** The broker has no connection of its agent. */
  closed(): void {
    if (this.#closed === 0) this.#closedAfter = this.#silent;
    this.#closed ||= 1;
  }
}
