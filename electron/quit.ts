import type { BrowserWindow } from 'electron';
import { inBackground } from '../core/base/in-background.ts';
import type { LabApi } from '../core/lab/api.ts';
import type { AttachedLab } from '../core/host/attach.ts';
import { ask } from './dialogs.ts';

/** Returns the question before the app ends; null when no training would be interrupted. */
export function quitQuestion(
  running: readonly string[],
): { message: string; detail: string } | null {
  if (running.length === 0) return null;
  const [first] = running;
  return {
    message:
      running.length === 1 ? `${first} is running.` : `${running.length} trainings are running.`,
    detail: 'If you quit, their progress is saved. They continue when you open the app again.',
  };
}

/** Ends the app: asks while training runs, saves it, then calls `end`. */
export class Leaving {
  readonly #lab: AttachedLab;
  readonly #window: () => BrowserWindow | null;
  /** Called after everything is saved. */
  readonly #end: () => void;
  #state: 'staying' | 'asking' | 'saving' | 'gone' = 'staying';

  constructor(lab: AttachedLab, window: () => BrowserWindow | null, end: () => void) {
    this.#lab = lab;
    this.#window = window;
    this.#end = end;
  }

  /** True after everything is saved: the app may end. */
  get saved(): boolean {
    return this.#state === 'gone';
  }

  /** True after the decision: it cannot be revoked. */
  get decided(): boolean {
    return this.#state === 'saving' || this.#state === 'gone';
  }

  /**
   * Leaves, if the user agrees. A second call while it saves does not wait for unsaved data.
   *
   * @param ask false when the system shuts down: no user can answer
   * @returns whether it has left
   */
  async leave(ask = true): Promise<boolean> {
    if (this.#state === 'saving') inBackground(this.#lab.close('at-once'));
    if (this.decided || (this.#state === 'asking' && ask)) return false;
    this.#state = 'asking';
    if (ask && !(await this.#agrees())) {
      if (this.#state === 'asking') this.#state = 'staying';
      return false;
    }
    if (this.#state !== 'asking') return false; // the system ended the question
    this.#state = 'saving';
    this.#window()?.hide();
    await this.#lab.close('save').catch((error: unknown) => {
      console.error(error);
    });
    this.#state = 'gone';
    this.#end();
    return true;
  }

  async #agrees(): Promise<boolean> {
    if (this.#lab.elsewhere) return true;
    const question = quitQuestion(await trainings(this.#lab.api).catch(() => []));
    if (!question) return true;
    const response = await ask(this.#window(), {
      type: 'question',
      ...question,
      buttons: ['Keep running', 'Quit'],
      defaultId: 0,
      cancelId: 0,
    });
    return response === 1;
  }
}

/**
 * Returns titles of the trainings that quitting would interrupt; those of paused or stopped studies
 * are excluded.
 */
async function trainings(lab: LabApi): Promise<string[]> {
  const slots = await lab.request('slots.list', {});
  const busy = slots.filter(({ run }) => run !== null);
  if (busy.length === 0) return [];
  const [studies, reruns] = await Promise.all([
    lab.request('studies.list', {}),
    lab.request('reruns.list', {}),
  ]);
  const ending = (state: string): boolean => state === 'paused' || state === 'stopped';
  const studiesEnding = new Set(
    studies.filter(({ study }) => ending(study.state)).map(({ study }) => study.id),
  );
  const rerunsEnding = new Set(
    reruns.filter(({ rerun }) => ending(rerun.state)).map(({ rerun }) => rerun.id),
  );
  return busy
    .filter(
      ({ study, rerun }) =>
        !(study !== null && studiesEnding.has(study)) &&
        !(rerun !== null && rerunsEnding.has(rerun)),
    )
    .map(({ title }) => title);
}
