import { problem } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import type { LabProblem } from '../base/problem.ts';
import { isDelivered } from '../data/delivered.ts';
import { isPathSpec } from '../data/resolve.ts';
import { officialOf } from '../data/sets/sets.ts';
import { type Deliveries, isDelivery } from './deliveries.ts';
import type { Hello } from './messages.ts';

/** Milliseconds until an agent is asked again for a data set that it could not get. */
const AGAIN_AFTER = 60_000;
/** The agent does not get a set, whenever it is asked. */
const REFUSED = Infinity;

export interface MachineDataOptions {
  /** The machine's name, for people. */
  name: string;
  deliveries: Deliveries;
  /** Asks the agent to get a set; null while it cannot be asked. False when it refuses. */
  fetch: (data: string) => Promise<boolean> | null;
}

/** The data sets of one machine, the lab's side. */
export class MachineData {
  readonly #options: MachineDataOptions;
  /** null before its agent has come in once. */
  #hello: Pick<Hello, 'data' | 'failed'> | null = null;
  /** When this start of the agent was asked for a set. */
  readonly #asked = new Map<string, number>();

  constructor(options: MachineDataOptions) {
    this.#options = options;
  }

  /** Sets with names that people know. */
  get named(): readonly string[] {
    return this.#hello?.data.filter((name) => !isDelivered(name)) ?? [];
  }

  heard(hello: Pick<Hello, 'data' | 'failed'>): void {
    this.#hello = hello;
  }

  /** Another start of the agent: it was not asked for anything yet. */
  beginAnew(): void {
    this.#asked.clear();
  }

  /** A set as the agent knows it; a path of the lab's machine where it is not ready for others. */
  nameOf(data: string): string {
    if (!isPathSpec(data)) return data;
    const delivery = this.#options.deliveries.of(data);
    return isDelivery(delivery) ? delivery.name : data;
  }

  /** True when the agent has the set or makes it; otherwise it is asked to get it. */
  hasOrGets(data: string): boolean {
    const name = this.nameOf(data);
    if (isPathSpec(name)) return false;
    if (this.#hello?.data.includes(name) ?? !isDelivered(name)) return true;
    if (!isDelivered(name) && officialOf(name) === undefined) return true;
    this.#ask(name);
    return false;
  }

  /** Why the agent does not have a set: `coming` while it is on its way. */
  obstacle(data: string): 'coming' | LabProblem | null {
    if (this.hasOrGets(data)) return null;
    const name = this.nameOf(data);
    if (isPathSpec(name)) {
      const found = this.#options.deliveries.of(data);
      return isDelivery(found) ? null : found;
    }
    const failed = this.#failure(name);
    if (failed) {
      const { message: why, next } = failed;
      return problem('agents.no-data', { name: this.#options.name, data, why, next });
    }
    return (this.#asked.get(name) ?? REFUSED) === REFUSED ? null : 'coming';
  }

  #failure(name: string): LabProblem | undefined {
    return this.#hello?.failed.find(({ data }) => data === name)?.problem;
  }

  #ask(name: string): void {
    const asked = this.#asked.get(name);
    const now = performance.now();
    const isDue = asked === undefined || (this.#failure(name) && now - asked > AGAIN_AFTER);
    const taken = isDue ? this.#options.fetch(name) : null;
    if (!taken) return;
    this.#asked.set(name, now);
    inBackground(
      taken.then((isTaken) => {
        if (!isTaken && this.#asked.get(name) === now) this.#asked.set(name, REFUSED);
      }),
    );
  }
}
