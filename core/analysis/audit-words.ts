import type { RuleAudit } from './report.ts';

const UNKNOWN = 'It is unknown how well the stopping rule decides: too few trials were completed.';
const NO_AUDIT =
  'No stopped trial continued for the audit, so the number of good graphs that were stopped is unknown.';

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
 * good graphs that it stopped. One sentence where nothing is known.
 */
export function auditSentences({ rungs, ranOn, ranOnGood, lost, advice }: RuleAudit): string[] {
  const known = rungs.filter(({ correlation }) => correlation !== null);
  if (known.length === 0 && lost === null && advice.best === null) return [UNKNOWN];
  const correlations = known
    .map(
      ({ rung, correlation, trials }) =>
        `epoch ${rung} ${correlation!.toFixed(2)} (${trialsText(trials, 'trial')})`,
    )
    .join(', ');
  return [
    ...(known.length > 0 ? [`Rank correlation with the last epoch: ${correlations}`] : []),
    lost === null
      ? NO_AUDIT
      : `${trialsText(ranOn, 'stopped trial')} continued for the audit, ${ranOnGood} of them among the best tenth: ` +
        `the rule stopped about ${shareText(lost)} of the good graphs`,
  ];
}

const trialsText = (count: number, word: string): string =>
  `${count} ${word}${count === 1 ? '' : 's'}`;
