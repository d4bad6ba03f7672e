import type { EngineView, LabEvent } from '../core/lab/api.ts';

/** Least milliseconds of a long job: the user may be doing other things. */
const LONG = 60_000;

/** Notification at the end of a long job. */
export interface Notice {
  title: string;
  body: string;
  /** Place of the app that a click opens. */
  place: string;
}

/**
 * Follows the events of the lab and returns a notice when a long job ends. Names identify jobs:
 * `study 3`, `data cifar100`.
 */
export class JobWatcher {
  readonly #began = new Map<string, number>();
  /** The engine's state when its install began. */
  #engineBefore: EngineView | null = null;

  /** @param event with its time `at` */
  noticesOf(event: LabEvent): Notice[] {
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
          title: problem ? `${title} could not be downloaded` : `${title} is ready`,
          body: problem?.message ?? '',
          place: 'data',
        }));
      }
      case 'pretrained':
        return event.pretrained.flatMap(({ id, model, state, accuracy }) =>
          this.#follow(event.at, `pretrained ${id}`, state, () => ({
            title:
              state === 'completed' ? `${model} is pretrained` : `${model} could not be trained`,
            body: accuracy === null ? '' : `${(100 * accuracy).toFixed(1)} %`,
            place: 'data',
          })),
        );
      case 'engine': {
        const { install, problem, version } = event.engine;
        if (install) this.#engineBefore ??= event.engine;
        const state = install ? 'running' : installOutcome(event.engine, this.#engineBefore);
        if (!install) this.#engineBefore = null;
        return this.#follow(event.at, 'engine', state, () => ({
          title: problem ? 'The engine could not be installed' : 'The engine is installed',
          body: problem?.message ?? version,
          place: 'settings',
        }));
      }
      default:
        return [];
    }
  }

  /** An end that the user caused (paused, stopped, cancelled) gives no notice. */
  #follow(at: number, job: string, state: string, notice: () => Notice): Notice[] {
    const began = this.#began.get(job);
    if (state === 'running') {
      if (began === undefined) this.#began.set(job, at);
      return [];
    }
    this.#began.delete(job);
    const ended = ENDS.has(state);
    return ended && began !== undefined && at - began >= LONG ? [notice()] : [];
  }
}

/**
 * Returns the outcome of an install; a cancelled one leaves the engine and its problem unchanged.
 */
function installOutcome({ installed, problem }: EngineView, before: EngineView | null): string {
  if (JSON.stringify(installed) !== JSON.stringify(before?.installed)) return 'ready';
  return problem && problem.message !== before?.problem?.message ? 'failed' : 'cancelled';
}

const ENDS: ReadonlySet<string> = new Set(['completed', 'failed', 'ready']);
