import type { LabEvent } from '../core/lab/api.ts';

/** Milliseconds from which on a job is long enough that somebody may have turned to other things. */
const LONG = 60_000;

/** What is told at the end of a long job. */
export interface Notice {
  title: string;
  body: string;
  /** Place of the app that a click leads to. */
  place: string;
}

/** Hears what happens in the lab and says when a long job has ended. Jobs are known by name: `study 3`, `data cifar100`. */
export class Endings {
  readonly #began = new Map<string, number>();

  /** @param event with its time `at` */
  hear(event: LabEvent): Notice | null {
    switch (event.type) {
      case 'study': {
        const { study, done, best } = event.card;
        const accuracy = best?.accuracy ?? null;
        const found = accuracy === null ? '' : `, best ${(100 * accuracy).toFixed(1)} %`;
        return this.#follow(event.at, `study ${study.id}`, study.state, () => ({
          title: `${study.name} is complete`,
          body: `${done} trials${found}`,
          place: `studies/${study.id}`,
        }));
      }
      case 'rerun': {
        const { rerun, done, total } = event.rerun;
        return this.#follow(event.at, `rerun ${rerun.id}`, rerun.state, () => ({
          title: `${rerun.name} is complete`,
          body: `${done} of ${total} runs`,
          place: `reruns/${rerun.id}`,
        }));
      }
      case 'data': {
        const { name, title, state, problem } = event.data;
        const busy = state === 'downloading' || state === 'unpacking';
        return this.#follow(event.at, `data ${name}`, busy ? 'running' : state, () => ({
          title: problem ? `${title} could not be fetched` : `${title} is ready`,
          body: problem?.message ?? '',
          place: 'data',
        }));
      }
      case 'engine': {
        const { install, problem, version } = event.engine;
        return this.#follow(event.at, 'engine', install ? 'running' : 'ready', () => ({
          title: problem ? 'The engine could not be installed' : 'The engine is installed',
          body: problem?.message ?? version,
          place: 'settings',
        }));
      }
      default:
        return null;
    }
  }

  /** Ends that a user chose (paused, stopped, cancelled) are no news. */
  #follow(at: number, job: string, state: string, notice: () => Notice): Notice | null {
    const began = this.#began.get(job);
    if (state === 'running') {
      if (began === undefined) this.#began.set(job, at);
      return null;
    }
    this.#began.delete(job);
    const ended = ENDS.has(state);
    return ended && began !== undefined && at - began >= LONG ? notice() : null;
  }
}

const ENDS: ReadonlySet<string> = new Set(['completed', 'failed', 'ready']);
