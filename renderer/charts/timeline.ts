/** What every slot worked on, and when: one bar per attempt. */
import { scaleLinear } from 'd3-scale';
import type { Attempt, TrialRow } from '../../core/lab/api.ts';
import {
  bottomAxis,
  fitting,
  frameOf,
  inFrame,
  type Placed,
  type Size,
  type Span,
  type View,
} from './axes.ts';
import type { Mark } from './marks.ts';
import type { Theme } from '../ui/colors.ts';

export interface Bar {
  readonly run: number;
  readonly slot: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const ROW = 22;
const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
const STEPS = [
  1,
  5,
  10,
  30,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
];
const LONG_STEPS = [
  12 * HOUR,
  DAY,
  2 * DAY,
  5 * DAY,
  10 * DAY,
  20 * DAY,
  50 * DAY,
  100 * DAY,
  200 * DAY,
  500 * DAY,
];

/** At most `most` round times from 0 to `end`, in seconds. */
export function timeTicks(end: number, most: number): number[] {
  const step = [...STEPS, ...LONG_STEPS].find((each) => end / each <= most) ?? end;
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => i * step);
}

/** At most `most` round times in the part of an axis that is shown. */
export function timeTicksIn([from, to]: Span, most: number): number[] {
  const step = timeTicks(to - from, most)[1] ?? to - from;
  const first = Math.ceil(from / step - 1e-9);
  return Array.from(
    { length: Math.floor(to / step + 1e-9) - first + 1 },
    (_, i) => (first + i) * step,
  );
}

/** A round time: 30 s, 5 min, 2 h, 1.5 d. */
function timeText(seconds: number): string {
  if (seconds < MINUTE) return `${seconds} s`;
  if (seconds < HOUR) return `${seconds / MINUTE} min`;
  return seconds < DAY ? `${seconds / HOUR} h` : `${seconds / DAY} d`;
}

/** Letters of a slot's name beside its bars, and pixels of one. */
const MOST_LETTERS = 30;
const LETTER = 6.2;
/** Pixels for names of slots of the lab's own machine. */
const USUAL_LEFT = 74;

/** The name of a slot, without the middle of a long name of its machine. */
const shortName = (slot: string): string =>
  slot.length <= MOST_LETTERS ? slot : `${slot.slice(0, 12)}…${slot.slice(13 - MOST_LETTERS)}`;

const leftOf = (names: readonly string[]): number =>
  Math.max(USUAL_LEFT, ...names.map((name) => Math.ceil(name.length * LETTER) + 12));

/** Height that shows all slots. */
export const timelineHeight = (slots: number): number => 12 + Math.max(1, slots) * ROW + 36;

/** `now` (milliseconds since 1970) ends the bars of what still runs. */
export function drawTimeline(
  attempts: readonly Attempt[],
  rows: ReadonlyMap<number, TrialRow>,
  now: number,
  size: Size,
  theme: Theme,
  faint: (run: number) => boolean = () => false,
  view: View = {},
): { marks: Mark[]; bars: Bar[] } & Placed {
  const slots = [...new Set(attempts.map((attempt) => attempt.slot))].sort((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  );
  const names = slots.map(shortName);
  const frame = frameOf(size, { left: leftOf(names), right: 24, top: 8, bottom: 34 });
  const start = Math.min(now, ...attempts.map((attempt) => attempt.startedAt));
  const end = Math.max(start + 1000, ...attempts.map((attempt) => attempt.endedAt ?? now));
  const span = spanOf(attempts, start, end, now, view);
  const x = scaleLinear(span, [frame.left, frame.right]);
  const at = (time: number): number => x((time - start) / 1000);
  const height = Math.min(ROW, (frame.bottom - frame.top) / Math.max(1, slots.length));
  const bars = attempts.map((attempt): Bar => ({
    run: attempt.run,
    slot: attempt.slot,
    x: at(attempt.startedAt),
    y: frame.top + slots.indexOf(attempt.slot) * height + 3,
    width: Math.max(1, at(attempt.endedAt ?? now) - at(attempt.startedAt) - 0.7),
    height: height - 6,
  }));
  const drawn = bars.map(({ run, slot: _, ...place }, i): Mark => {
    const fill = fillOf(attempts[i]!.outcome, theme);
    const stopped = rows.get(run)?.state === 'stopped';
    return { kind: 'rect', ...place, fill, opacity: faint(run) ? 0.12 : stopped ? 0.6 : 0.9 };
  });
  return {
    bars,
    frame,
    x,
    marks: [
      ...slots.map((_, i): Mark => ({
        kind: 'text',
        x: frame.left - 8,
        y: frame.top + (i + 0.5) * height + 4,
        text: names[i]!,
        fill: theme.quiet,
        size: 11,
        anchor: 'end',
      })),
      ...inFrame(drawn, frame, view),
      ...bottomAxis(
        timeTicksIn(span, Math.max(2, (frame.right - frame.left) / 80)).map((tick) => ({
          x: x(tick),
          text: timeText(tick),
        })),
        frame,
        theme,
        'time since the start',
      ),
    ],
  };
}

/** Seconds since the start that the chart shows. */
function spanOf(
  attempts: readonly Attempt[],
  start: number,
  end: number,
  now: number,
  view: View,
): Span {
  if (view.zoom?.x) return view.zoom.x;
  if (!view.fits) return [0, (end - start) / 1000];
  const fitted = fitting(attempts, view);
  const from = Math.min(...fitted.map(({ startedAt }) => startedAt)) - start;
  const to = Math.max(...fitted.map(({ endedAt }) => endedAt ?? now)) - start;
  return [from / 1000, Math.max(from + 1000, to) / 1000];
}

function fillOf(outcome: Attempt['outcome'], { states }: Theme): string {
  switch (outcome) {
    case null:
      return states.running;
    case 'completed':
    case 'stopped':
    case 'cancelled':
      return states[outcome];
    case 'paused':
    case 'interrupted':
      return states.waiting;
    default:
      return states.failed;
  }
}

export const barAt = (bars: readonly Bar[], x: number, y: number): Bar | null =>
  bars.findLast(
    (bar) =>
      x >= bar.x - 1 && x <= bar.x + bar.width + 1 && y >= bar.y - 3 && y <= bar.y + bar.height + 3,
  ) ?? null;
