import { winnersCurseOf } from '../analysis/winners-curse.ts';
import { runsOf, usualTeachersOf } from '../search/owner.ts';
import { referenceFor } from '../search/reference.ts';
import { resultsOf } from '../search/repeat.ts';
import { rungsOf } from '../search/rules/rules.ts';
import type { Runner } from '../search/runner.ts';
import type { Scheduler } from '../search/scheduler.ts';
import { Portions } from '../store/portions.ts';
import { unlessDamaged } from '../store/refusals.ts';
import type { Store } from '../store/store.ts';
import { hasEnded } from '../study/moves.ts';
import type { Rerun } from '../study/rerun.ts';
import type { Run } from '../study/run.ts';
import { isJudgedAlike } from '../study/plan.ts';
import { PAPER_DATA } from '../study/presets.ts';
import type { Study } from '../study/study.ts';
import type {
  PretrainedView,
  RerunView,
  SlotView,
  StudyCard,
  StudyView,
  TrialRow,
  WireCurve,
} from './api.ts';
import { importedFrom } from './imported.ts';
import { trialRow, trialRowsFrom, wireCurve } from './views.ts';

/**
 * A run that was cancelled with its study or re-run is taken up when that is resumed; one stopped
 * by itself is not.
 */
const isDone = ({ state, dismissed }: Run): boolean =>
  hasEnded(state) && (state !== 'cancelled' || dismissed);

/**
 * Records as screens see them. What may be large is read in portions, since the lab has other
 * things to do.
 */
export class LabViews {
  readonly #portions = new Portions();
  readonly #store: Store;
  readonly #runner: Runner;
  readonly #scheduler: Scheduler;

  constructor(store: Store, runner: Runner, scheduler: Scheduler) {
    this.#store = store;
    this.#runner = runner;
    this.#scheduler = scheduler;
  }

  row(run: number): TrialRow {
    return trialRow(this.#store, this.#store.run(run));
  }

  async cards(): Promise<StudyCard[]> {
    return this.each(this.#store.studies(), ({ id }) => this.card(id));
  }

  card(id: number): StudyCard {
    const study = this.#store.study(id);
    const counts = this.#store.trialCounts(id);
    const best = this.#store.bestTrial(id);
    const { waiting: _waiting, running, ...ended } = counts;
    const allEnded = Object.values(ended).reduce((sum, count) => sum + count, 0);
    const cancelled = counts.cancelled > 0 ? runsOf(this.#store, { study: id }, ['cancelled']) : [];
    return {
      study,
      counts,
      done: allEnded - cancelled.filter((run) => !isDone(run)).length,
      best: best ? trialRow(this.#store, best) : null,
      running,
      timeLeft: study.state === 'running' ? this.#scheduler.timeLeft({ study: id }) : null,
      pretraining: study.state === 'running' ? this.#awaited(study) : [],
      imported: importedFrom(this.#store, id),
    };
  }

  async study(id: number): Promise<StudyView> {
    const { plan } = this.#store.study(id);
    const runs = await this.trials(id);
    const curves = await this.curves({ study: id });
    const trials = await this.each(runs, trialRowsFrom(this.#store, id, curves));
    const reruns = await this.reruns((rerun) => rerun.study === id);
    const card = this.card(id);
    return {
      ...card,
      rungs: [...rungsOf(plan.rule, plan.training.epochs)],
      trials,
      curves,
      slots: this.slots().filter((slot) => slot.study === id),
      pretrained: this.pretrained().filter((each) => each.usedBy.includes(id)),
      reruns,
      winnersCurse: winnersCurseOf(card.best, reruns, (other) =>
        isJudgedAlike(plan.training, other),
      ),
    };
  }

  /** Reads one view after the other. */
  async each<Item, View>(items: readonly Item[], view: (item: Item) => View): Promise<View[]> {
    return this.#portions.map(items, view);
  }

  async trials(study: number): Promise<Run[]> {
    const ids = this.#store.runIds({ study, kind: 'trial' });
    // A damaged row must not hide the other trials; the check of the file names it.
    const runs = await this.each(ids, (id) => unlessDamaged(() => this.#store.run(id)));
    return runs.filter((run) => run !== undefined);
  }

  async rows(runs: readonly Run[]): Promise<TrialRow[]> {
    return this.each(runs, (run) => trialRow(this.#store, run));
  }

  /** Of all trials of a study, or all runs of a re-run, that have an epoch. */
  async curves(of: { study: number } | { rerun: number }): Promise<WireCurve[]> {
    const ids = this.#store.runIds('study' in of ? { ...of, kind: 'trial' } : of);
    const curves = await this.each(ids, (id) => wireCurve(this.#store, id));
    return curves.filter(({ accuracy }) => accuracy.length > 0);
  }

  async reruns(fits: (rerun: Rerun) => boolean = () => true): Promise<RerunView[]> {
    return this.each(this.#store.reruns().filter(fits), ({ id }) => this.rerun(id));
  }

  rerun(id: number): RerunView {
    const rerun = this.#store.rerun(id);
    const runs = this.#store.runs({ rerun: id });
    const variants = resultsOf(rerun, runs).map(({ variant, runs: own, ...result }) => ({
      name: variant.name,
      graph: variant.graph,
      runs: own.map((run) => trialRow(this.#store, run)),
      ...result,
    }));
    // A path counts too where a folder or file in it has the name, such as `CIFAR-100/part.tar`.
    const named = rerun.training.data.toLowerCase().replaceAll('-', '');
    const isOnPaperData = named.includes(PAPER_DATA);
    return {
      rerun,
      variants,
      done: runs.filter(isDone).length,
      total: runs.length,
      timeLeft: rerun.state === 'running' ? this.#scheduler.timeLeft({ rerun: id }) : null,
      reference: isOnPaperData ? referenceFor(rerun.variants[0]!.graph.nodes.length) : [],
    };
  }

  slots(): SlotView[] {
    const titles = new Map(this.#runner.devices().map(({ name, title }) => [name, title]));
    const occupied = new Map(this.#scheduler.occupations().map((each) => [each.slot, each]));
    return this.#runner.slots().map((slot) => {
      const occupation = occupied.get(slot.name);
      const run = occupation && this.#store.run(occupation.run);
      return {
        ...slot,
        deviceTitle: titles.get(slot.device) ?? slot.device,
        run: run?.id ?? null,
        title: run ? this.titleOf(run) : '',
        study: run?.study ?? null,
        rerun: run?.rerun ?? null,
        epoch: run?.epoch ?? 0,
        epochs: run?.training.epochs ?? 0,
        accuracy: run?.accuracy ?? null,
        progress: occupation?.progress ?? null,
      };
    });
  }

  /** `Study "M3", trial 17`. */
  titleOf({ kind, study, rerun, number, variant, graph }: Run): string {
    if (kind === 'pretrain') return `Pretraining of ${graph.nodes[0]!.model}`;
    if (kind === 'trial') return `Study "${this.#store.study(study!).name}", trial ${number}`;
    return `Re-run "${this.#store.rerun(rerun!).name}", ${variant}, seed ${number + 1}`;
  }

  pretrained(): PretrainedView[] {
    const users = new Map(
      this.#store
        .studies()
        .map((study) => [
          study.id,
          new Set(usualTeachersOf(this.#store, study).map(({ id }) => id)),
        ]),
    );
    return this.#store.allPretrained().map(({ asked: _asked, ...each }) => {
      const { run: id } = each;
      const run = id === null ? null : unlessDamaged(() => this.#store.run(id));
      const checkpoint = each.checkpoint === null ? null : this.#store.checkpoint(each.checkpoint);
      return {
        ...each,
        state: run?.state ?? 'imported',
        epoch: run?.epoch ?? each.training.epochs,
        bytes: checkpoint?.bytes ?? 0,
        usedBy: [...users].filter(([, teachers]) => teachers.has(each.id)).map(([study]) => study),
      };
    });
  }

  #awaited(study: Study): number[] {
    return usualTeachersOf(this.#store, study)
      .filter(({ checkpoint }) => checkpoint === null)
      .map(({ id }) => id);
  }
}
