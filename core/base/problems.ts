import type { Step } from './actions.ts';
import { agentsProblems } from './problems/agents.ts';
import { commandsProblems } from './problems/commands.ts';
import { dataProblems } from './problems/data.ts';
import { downloadProblems } from './problems/download.ts';
import { engineProblems } from './problems/engine.ts';
import { filesProblems } from './problems/files.ts';
import { graphProblems } from './problems/graph.ts';
import { labProblems } from './problems/lab.ts';
import { machinesProblems } from './problems/machines.ts';
import { searchProblems } from './problems/search.ts';
import { storeProblems } from './problems/store.ts';
import { trainingProblems } from './problems/training.ts';

/**
 * The catalogue of every problem that this program reports.
 *
 * Four kinds of codes are outside it, because each is data of another kind:
 * - `graph.RULE` and `space.RULE` of a wrong file are made from the table of a schema's rules
 *   (`graph/schema.ts`, `graph/space.ts`): what is expected and one step; `graph/refusal.ts` gives
 *   all of them the same sentence, with the place and the found value.
 * - `cuda.*` are findings of the diagnosis of cards (`devices/cuda-diagnosis.ts`). `ktg doctor` and
 *   the list of devices show them; nothing throws them.
 * - `engine.missing`, `damaged`, `other-version` and `unsupported` are states of the installed
 *   library (`install/library-status.ts`), which are shown when nothing has failed, too.
 * - `search.KIND` tells with which kind of failure a run has paused its study (`search/failures.ts`).
 */
export const problems = {
  ...graphProblems,
  ...dataProblems,
  ...downloadProblems,
  ...engineProblems,
  ...trainingProblems,
  ...storeProblems,
  ...searchProblems,
  ...labProblems,
  ...machinesProblems,
  ...agentsProblems,
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
