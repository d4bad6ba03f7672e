import type { Estimate } from './estimate.ts';
import type { RuleAudit } from './report.ts';

const UNKNOWN = 'It is unknown how well the stopping rule decides: too few trials were completed.';
const NO_AUDIT =
  'No stopped trial continued for the audit, so it is unknown how well the rungs agree with the ' +
  'last epoch, and how many good graphs were stopped.';

interface AuditedTrial {
  /** The epoch at which the rule stopped it, where it continues for the audit. */
  readonly audit?: number | null;
  readonly state: string;
}

/** Returns a fraction of 1 as `19 %`. */
export const shareText = (fraction: number): string => `${Math.round(100 * fraction)} %`;

/** Returns `; continues for the audit` for a stopped trial that does, or did; else ''. */
export const auditNote = ({ audit = null, state }: AuditedTrial): string =>
  audit === null ? '' : `; ${state === 'stopped' ? 'continued' : 'continues'} for the audit`;

/**
 * Says how well a stopping rule decides: the correlation of each rung with the end, and the share of
 * good graphs that it stopped, with 95 % intervals. One sentence where nothing is known.
 */
export function auditSentences(audit: RuleAudit): string[] {
  const known = audit.rungs.flatMap(({ rung, trials, correlation }) =>
    correlation
      ? [`epoch ${rung} ${correlationText(correlation)} (${trialsText(trials, 'trial')})`]
      : [],
  );
  const stopped = stoppedText(audit);
  if (known.length === 0 && stopped === '') return [UNKNOWN];
  return [
    ...(known.length > 0
      ? [`Rank correlation with the last epoch, 95 % interval: ${known.join(', ')}`]
      : []),
    ...(stopped === '' ? [] : [stopped]),
  ];
}

/** Returns what the audit tells of stopped graphs; '' where none was stopped. */
function stoppedText({ stopped, ranOn, ranOnGood, lost }: RuleAudit): string {
  if (stopped === 0) return '';
  if (ranOn === 0) return NO_AUDIT;
  const continued = `${trialsText(ranOn, 'stopped trial')} continued for the audit`;
  if (lost === null) return `${continued}: too few to tell how many good graphs were stopped`;
  return (
    `${continued}, ${ranOnGood} of them among the best tenth: the rule stopped about ` +
    `${shareText(lost.value)} of the good graphs (95 % interval ${shareText(lost.low)} to ` +
    `${shareText(lost.high)})`
  );
}

const correlationText = ({ value, low, high }: Estimate): string =>
  `${value.toFixed(2)}, ${low.toFixed(2)} to ${high.toFixed(2)}`;

const trialsText = (count: number, word: string): string =>
  `${count} ${word}${count === 1 ? '' : 's'}`;
