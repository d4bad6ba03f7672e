/** One run on screen, live. */
import type { LabEvent, RunView, WireEpoch } from '../../../core/lab/api.ts';
import type { RunName } from '../../run-name.ts';
import { follow } from '../../client/follow.svelte.ts';
import type { Lab } from '../../client/lab.svelte.ts';
import { runOf } from '../../client/run-of.ts';

export class RunState {
  readonly #lab: Lab;
  readonly name: RunName;
  /** Known once it is opened. */
  id = $state(0);
  view = $state.raw<RunView | null>(null);
  epochs = $state.raw<readonly WireEpoch[]>([]);

  constructor(lab: Lab, name: RunName) {
    this.#lab = lab;
    this.name = name;
  }

  /** Reads the run and listens until its undo is called. */
  async open(): Promise<() => void> {
    this.id = await runOf(this.#lab, this.name);
    return follow(
      this.#lab,
      () => this.read(),
      (event) => this.#obey(event),
    );
  }

  async read(): Promise<void> {
    const view = await this.#lab.request('runs.open', { run: this.id });
    this.view = view;
    this.epochs = view.epochList;
  }

  #obey(event: LabEvent): void {
    if (event.type === 'runs') {
      const row = event.rows.find((each) => each.run === this.id);
      if (!row || !this.view) return;
      const turned = row.state !== this.view.state || row.attempts !== this.view.attempts;
      this.view = { ...this.view, ...row };
      // Attempts, checkpoint and slot come only with the whole.
      if (turned) void this.#lab.attempt(() => this.read());
    } else if (event.type === 'epochs') {
      const fresh = event.epochs
        .filter((each) => each.run === this.id && each.epoch.epoch > this.epochs.length)
        .map(({ epoch }) => epoch);
      if (fresh.length > 0) this.epochs = [...this.epochs, ...fresh];
    } else if (event.type === 'decisions' && this.view) {
      const fresh = event.decisions.filter(
        ({ run, rung }) =>
          run === this.id && !this.view!.decisions.some((known) => known.rung === rung),
      );
      if (fresh.length > 0)
        this.view = { ...this.view, decisions: [...this.view.decisions, ...fresh] };
    }
  }
}
