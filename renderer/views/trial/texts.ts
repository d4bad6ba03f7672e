/** How one run is described on its page. */
import type { Rerun, RunView, TrialRow, VariantView } from '../../../core/lab/api.ts';
import type { RunName } from '../../run-name.ts';
import { modelTitle } from '../../words/graph.ts';
import { variantTitle } from '../../words/rerun.ts';
import { runStates } from '../../words/states.ts';
import { reasonOf } from '../../words/trial-columns.ts';

/** `Trial 3`, `Pretraining of ResNet110`, `DML, seed 2`. */
export function runTitle({ kind, number, graph, variant }: TrialRow): string {
  if (kind === 'trial') return `Trial ${number}`;
  if (kind === 'pretrain') return `Pretraining of ${modelTitle(graph.nodes[0]!.model)}`;
  return `${variantTitle(variant as VariantView['name'])}, seed ${number + 1}`;
}

/** Whether a run trains, or waits for a slot. */
export const isUnderWay = ({ state }: TrialRow): boolean =>
  state === 'running' || state === 'waiting';

/** Why a run ended; how far it is while it has not. `done`: epochs done. */
export function endText(row: TrialRow, done: number): string {
  const reason = reasonOf(row);
  if (reason) return reason;
  if (row.state === 'completed') return `All ${row.epochs} epochs are done.`;
  if (row.state !== 'running') return runStates[row.state].title;
  return done > 0
    ? `Epoch ${done} of ${row.epochs} is done; no rung has stopped this run.`
    : 'The first epoch is running.';
}

/** Why no run can train a rejected graph; '' where one can. */
export function untrainableText(rejection: TrialRow['rejection']): string {
  switch (rejection) {
    case 'target-frozen':
      return 'The target (node 1) of this graph is frozen, so the graph cannot be trained';
    case 'voters-frozen':
      return 'All voters of this graph are frozen, so the graph cannot be trained';
    default:
      return '';
  }
}

/** Why the weights of a run cannot be saved; undefined where they can. */
export function missingWeightsText(view: RunView): string | undefined {
  if (view.checkpoint !== null) return undefined;
  return isUnderWay(view)
    ? 'The weights can be saved after the first checkpoint'
    : 'This run has no weights: the lab keeps those of completed runs, and of runs with “Keep weights”';
}

/** The command that exports a network as the dialog does; null where there is none. */
export function exportCommand(name: RunName, form: string, node: number): string | null {
  if ('pretrained' in name) return `ktg export --as ${form} --pretrained ${name.pretrained}`;
  if (!('trial' in name)) return null;
  const part = node === 1 ? '' : ` --node ${node}`;
  return `ktg export ${name.study} --as ${form} --trial ${name.trial}${part}`;
}

/** What files with figures and curves of a run name as their source. */
export function provenanceOf(
  view: RunView,
  studyName: string | undefined,
  rerun: Rerun | null,
): Readonly<Record<string, unknown>> {
  return {
    ...(view.kind === 'repeat'
      ? { rerun: rerun?.name, variant: view.variant }
      : view.kind === 'trial' && { study: studyName, trial: view.number }),
    seed: view.seed,
    protocol: view.training.protocol,
    purpose: view.training.purpose,
    data: view.training.data,
    epochs: view.epochs,
    environment: view.attemptList.at(-1)?.made ?? null,
  };
}
