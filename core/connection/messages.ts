import * as v from 'valibot';
import type { LabProblem } from '../base/problem.ts';
import { type LabEvent, TOPICS } from '../lab/api.ts';
import type { Part } from './parts.ts';

const id = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));

/** What comes from the other end; inputs are checked by the lab itself. */
export const toLab = v.variant('type', [
  v.strictObject({
    type: v.literal('request'),
    id,
    name: v.pipe(v.string(), v.maxLength(100)),
    input: v.unknown(),
  }),
  v.strictObject({ type: v.literal('abort'), id }),
  /** Acknowledges the parts of an answer up to this index. */
  v.strictObject({ type: v.literal('part-taken'), id, index: id }),
  v.strictObject({
    type: v.literal('subscribe'),
    id,
    topics: v.pipe(v.array(v.picklist(TOPICS)), v.minLength(1), v.maxLength(TOPICS.length)),
    after: v.exactOptional(id),
  }),
  v.strictObject({ type: v.literal('unsubscribe'), id }),
]);
export type ToLab = v.InferOutput<typeof toLab>;

export type FromLab =
  /** Goes ahead of the answer. */
  | ({ type: 'part'; id: number } & Part)
  | { type: 'answer'; id: number; output: unknown }
  | ({ type: 'refusal'; id: number } & LabProblem)
  | { type: 'event'; id: number; event: LabEvent };
