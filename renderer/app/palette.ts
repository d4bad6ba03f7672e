/** What the command palette offers for a text: pages, studies, trials, actions. */
import type { RerunView, StudyCard } from '../../core/lab/api.ts';
import { hrefOf, places, type Route } from '../routes.ts';
import { percent } from '../ui/format.ts';

/** What an entry does that is no address. */
type PaletteAction =
  | { readonly kind: 'pause' | 'resume'; readonly study: number }
  | { readonly kind: 'theme'; readonly theme: 'light' | 'dark' | 'system' }
  | { readonly kind: 'keys' };

export interface PaletteEntry {
  readonly title: string;
  /** What it is, beside it. */
  readonly hint: string;
  readonly does: { readonly href: string } | PaletteAction;
}

interface Known {
  readonly cards: readonly StudyCard[];
  readonly reruns: readonly RerunView[];
  readonly route: Route;
}

const SHOWN = 9;

/**
 * Entries whose title holds all words of the text, those that begin with it first. A number leads
 * to the trial of the study that is open, or of every study that has it.
 */
export function paletteEntries(text: string, known: Known): PaletteEntry[] {
  const words = text.trim().toLowerCase();
  const number = /^(?:trial\s*)?#?(\d{1,7})$/.exec(words)?.[1];
  if (number !== undefined) return trialsNumbered(Number(number), known).slice(0, SHOWN);
  const place = ({ title }: PaletteEntry): number => title.toLowerCase().indexOf(words);
  return entries(known)
    .filter(({ title, hint }) => {
      const whole = `${title} ${hint}`.toLowerCase();
      return words.split(/\s+/).every((word) => whole.includes(word));
    })
    .sort((a, b) => Number(place(a) !== 0) - Number(place(b) !== 0))
    .slice(0, SHOWN);
}

function entries({ cards, reruns, route }: Known): PaletteEntry[] {
  const open = openStudy(cards, route);
  return [
    ...(open ? ofStudy(open) : []),
    {
      title: 'New study',
      hint: 'action',
      does: { href: hrefOf({ view: 'new-study', from: null, locks: [] }) },
    },
    ...places.map(({ title, path }) => ({ title, hint: 'page', does: { href: `#/${path}` } })),
    ...cards.map(({ study }) => ({
      title: study.name,
      hint: 'study',
      does: { href: hrefOf({ view: 'study', study: study.id, trial: null }) },
    })),
    ...reruns.map(({ rerun }) => ({
      title: rerun.name,
      hint: 're-run',
      does: { href: hrefOf({ view: 'rerun', rerun: rerun.id }) },
    })),
    ...(['light', 'dark', 'system'] as const).map((theme) => ({
      title: theme === 'system' ? 'Match system' : `${theme === 'light' ? 'Light' : 'Dark'} theme`,
      hint: 'action',
      does: { kind: 'theme' as const, theme },
    })),
    { title: 'Show the keys', hint: 'action', does: { kind: 'keys' } },
  ];
}

/** What can be done with the study that is open. */
function ofStudy({ study, best }: StudyCard): PaletteEntry[] {
  const id = study.id;
  const act =
    study.state === 'running' ? 'pause' : study.state === 'completed' ? null : ('resume' as const);
  return [
    ...(best
      ? [
          {
            title: `Best trial: ${best.number}, ${percent(best.accuracy)}`,
            hint: study.name,
            does: { href: hrefOf({ view: 'trial', study: id, trial: best.number }) },
          },
        ]
      : []),
    ...(act
      ? [
          {
            title: act === 'pause' ? 'Pause this study' : 'Start or resume this study',
            hint: study.name,
            does: { kind: act, study: id },
          } as const,
        ]
      : []),
  ];
}

function trialsNumbered(trial: number, { cards, route }: Known): PaletteEntry[] {
  const open = openStudy(cards, route);
  return (open ? [open] : cards)
    .filter(({ study }) => trial < study.plan.trials)
    .map(({ study }) => ({
      title: `Trial ${trial}`,
      hint: study.name,
      does: { href: hrefOf({ view: 'trial', study: study.id, trial }) },
    }));
}

const openStudy = (cards: readonly StudyCard[], route: Route): StudyCard | undefined =>
  'study' in route ? cards.find(({ study }) => study.id === route.study) : undefined;
