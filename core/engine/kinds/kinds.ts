import { type KindName, kind, kindNames } from '../../kinds/kinds.ts';
import { attentionRepelLoss } from './attention-repel.ts';
import { attentionLoss } from './attention.ts';
import type { AnswerKind, MapKind } from './kind-loss.ts';
import { klLoss } from './kl.ts';
import { repelLoss } from './repel.ts';

/** The computation of every kind; a missing one does not compile. */
const losses = {
  kl: klLoss,
  repel: repelLoss,
  attention: attentionLoss,
  'attention-repel': attentionRepelLoss,
} satisfies Record<KindName, AnswerKind | MapKind>;

/** A kind with its computation. */
interface Computed<Loss> {
  readonly name: KindName;
  readonly loss: Loss;
}

/** Returns those of `used` that compare answers. */
export const answerKinds = (used: readonly KindName[]): Computed<AnswerKind>[] =>
  ofSort('answers', used) as Computed<AnswerKind>[];

/** Returns those of `used` that compare stages. */
export const mapKinds = (used: readonly KindName[]): Computed<MapKind>[] =>
  ofSort('stages', used) as Computed<MapKind>[];

const ofSort = (compares: 'answers' | 'stages', used: readonly KindName[]) =>
  kindNames
    .filter((name) => used.includes(name) && kind(name).compares === compares)
    .map((name) => ({ name, loss: losses[name] }));
