import { nextSteps } from '../base/command-words.ts';
import { LabError, messageOf, problemOf } from '../base/errors.ts';
import { OUT_OF_MEMORY } from '../engine/memory.ts';
import type { Failure, FailureKind } from '../study/run.ts';

const MEMORY_ADVICE = nextSteps({ do: 'free-memory' });
/** The log of the run contains the last output of its worker. */
const LOG_ADVICE = nextSteps({ do: 'open-log' });

/** The failure of a job, from an error inside its worker. `epoch`: the epoch in progress. */
export function failureOf(thrown: unknown, epoch: number): Failure {
  const message = messageOf(thrown);
  if (OUT_OF_MEMORY.test(message))
    return { kind: 'out-of-memory', code: '', message, ...MEMORY_ADVICE, epoch };
  if (!(thrown instanceof LabError))
    return { kind: 'crash', code: '', message, ...LOG_ADVICE, epoch };
  return { kind: kindOf(thrown.code), ...problemOf(thrown), epoch };
}

function kindOf(code: string): FailureKind {
  if (code === 'train.diverged') return 'nan';
  if (code === 'train.no-teacher' || code === 'workers.wrong-teacher') return 'teacher';
  if (code.startsWith('data.') || code === 'engine.no-temporary-folder') return 'data';
  return 'crash';
}

/** The end of a worker's process that was not asked for. */
export interface Exit {
  code: number | null;
  signal: string | null;
  /** Last lines of its error output. */
  lastWords: readonly string[];
  /** The operating system has killed a process for lack of memory while this one ran. */
  memoryKills: boolean;
}

/** The failure of a job, from the end of its worker's process. */
export function failureOfExit(
  { code, signal, lastWords, memoryKills }: Exit,
  epoch: number,
): Failure {
  const how = signal === null ? `with exit status ${code}` : `by signal ${signal}`;
  const said = tellingLine(lastWords);
  const message = `The worker's process ended ${how}${said === undefined ? '.' : `: ${said}`}`;
  const starved = (signal === 'SIGKILL' && memoryKills) || OUT_OF_MEMORY.test(lastWords.join('\n'));
  return {
    kind: starved ? 'out-of-memory' : 'crash',
    code: '',
    message,
    ...(starved ? MEMORY_ADVICE : LOG_ADVICE),
    epoch,
  };
}

/**
 * The line of a process's last words that says most: an error's first line rather than the trace
 * after it.
 */
export const tellingLine = (lines: readonly string[]): string | undefined =>
  lines.findLast((line) => /^\w*Error\b|^F\d{4}|\bfatal\b/i.test(line)) ?? lines.at(-1);
