import type { Step } from './actions.ts';
import { commandsProblems } from './problems/commands.ts';
import { dataProblems } from './problems/data.ts';
import { engineProblems } from './problems/engine.ts';
import { filesProblems } from './problems/files.ts';
import { graphProblems } from './problems/graph.ts';
import { labProblems } from './problems/lab.ts';
import { searchProblems } from './problems/search.ts';
import { storeProblems } from './problems/store.ts';
import { torchProblems } from './problems/torch.ts';
import { trainingProblems } from './problems/training.ts';

/** The catalogue of every problem that this program reports. */
export const problems = {
  ...graphProblems,
  ...dataProblems,
  ...engineProblems,
  ...trainingProblems,
  ...torchProblems,
  ...storeProblems,
  ...searchProblems,
  ...labProblems,
  ...filesProblems,
  ...commandsProblems,
};

export type ProblemKey = keyof typeof problems;

type ParamOf<Text> = Text extends () => unknown
  ? unknown
  : Text extends (params: infer Params) => unknown
    ? Params
    : never;

/** What a problem is described from. */
export type ParamsOf<Key extends ProblemKey> = ParamOf<(typeof problems)[Key]['message']> &
  ParamOf<(typeof problems)[Key]['next']>;

/** The code of a problem without its case. */
export const codeOf = (key: ProblemKey): string => key.split('/')[0]!;

/** A problem of the catalogue in words and steps. */
export function describe(
  key: ProblemKey,
  params: object = {},
): { code: string; message: string; steps: readonly Step[] } {
  const { message, next } = problems[key] as {
    message: (params: object) => string;
    next: (params: object) => readonly Step[];
  };
  return { code: codeOf(key), message: message(params), steps: next(params) };
}
