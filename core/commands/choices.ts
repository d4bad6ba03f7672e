import { LabError } from '../base/errors.ts';
import type { LabApi, StudyCard, TrialRow } from '../lab/api.ts';

/**
 * Returns the study with a number or name; the last one without either.
 *
 * @throws LabError `arguments.*`
 */
export async function studyNamed(api: LabApi, wanted: string | undefined): Promise<StudyCard> {
  const cards = await api.request('studies.list', {});
  const list = cards.map(({ study }) => `${study.id} "${study.name}"`).join(', ');
  if (cards.length === 0) throw new LabError('arguments.no-study');
  if (wanted === undefined) return cards.at(-1)!;
  const byName = cards.filter(({ study }) => study.name === wanted);
  const found = cards.find(({ study }) => String(study.id) === wanted) ?? byName.at(-1);
  if (found && (byName.length < 2 || String(found.study.id) === wanted)) return found;
  throw found
    ? new LabError('arguments.unknown-study/several', { wanted, count: byName.length, list })
    : new LabError('arguments.unknown-study', { wanted: wanted.slice(0, 60), list });
}

/** Returns the trial with a number in the study, or the `best`. @throws LabError `arguments.*` */
export async function trialNamed(api: LabApi, card: StudyCard, wanted: string): Promise<TrialRow> {
  if (wanted === 'best') {
    if (card.best) return card.best;
    const hasEnded = ['completed', 'stopped'].includes(card.study.state);
    const key = hasEnded ? 'arguments.no-best/ended' : 'arguments.no-best';
    throw new LabError(key, { study: card.study.name });
  }
  const { rows } = await api.request('trials.query', { study: card.study.id });
  const found = rows.find(({ number }) => String(number) === wanted);
  if (found) return found;
  throw new LabError('arguments.unknown-trial', {
    study: card.study.name,
    wanted: wanted.slice(0, 30),
    trials: rows.length,
  });
}
