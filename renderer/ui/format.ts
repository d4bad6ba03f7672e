/** Numbers and times in the words of the screen. */

/** Seconds: 45 s, 12 min, 3.5 h, 2.1 d. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} d`;
}

/** Fraction of 1 as percent; an en dash where there is none. */
export const percent = (fraction: number | null | undefined, digits = 2): string =>
  fraction === null || fraction === undefined ? '–' : `${(fraction * 100).toFixed(digits)} %`;

/** Bytes in powers of 1024. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`;
}

/** A loss or another quantity with four significant digits. */
export const quantity = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : value.toPrecision(4);

/** A probability after the letter p: "= 0.012", "< 0.001" */
export const pValue = (p: number): string =>
  p < 0.001 ? '< 0.001' : `= ${p.toFixed(p < 0.1 ? 3 : 2)}`;

/** Milliseconds since 1970 in the reader's own calendar. */
export const moment = (time: number | null): string =>
  time === null
    ? '–'
    : new Date(time).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** The same without the time of the day. */
export const day = (time: number): string =>
  new Date(time).toLocaleDateString(undefined, { dateStyle: 'medium' });

/** "1 trial", "14 trials" */
export const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;

/** "1st", "2nd", "3rd", "11th" */
export function ordinal(rank: number): string {
  const teen = rank % 100 > 10 && rank % 100 < 14;
  const ending = teen ? undefined : ['th', 'st', 'nd', 'rd'][rank % 10];
  return `${rank}${ending ?? 'th'}`;
}

/**
 * A message that begins with a common word begins with a capital; paths and addresses stay as they
 * are.
 */
export const sentence = (text: string): string =>
  /^[a-z]+ /.test(text) ? text[0]!.toUpperCase() + text.slice(1) : text;
