import * as v from 'valibot';
import type { StoppingRule } from './_base.ts';

const schema = v.strictObject({ kind: v.literal('none') });

/** Every trial runs to its end. */
export const none = {
  kind: 'none',
  schema,
  usual: { kind: 'none' },
  reason: null,
  because: () => '',
  name: 'none',
  title: 'none: every trial runs to its end',
  about: () => '',
  fields: [],
  rungs: () => [],
  expectedShare: () => 1,
  goesOn: () => 'all trials continue',
  explain: () => 'No trial is stopped early.',
  judge: () => ({ rungs: [], judge: () => [], recorded: () => undefined }),
} as const satisfies StoppingRule<v.InferOutput<typeof schema>>;
