import * as v from 'valibot';
import { textSchema as text, whole } from './fields.ts';

/** How many files of a data set were no usable image, and why. */
export const filesLeftOutSchema = v.strictObject({
  count: whole(),
  /** All files, the usable ones too. */
  of: whole(),
  /** The most frequent first; none where a delivered set does not tell them. */
  reasons: v.pipe(v.array(v.strictObject({ why: text, count: whole() })), v.maxLength(20)),
});
export type FilesLeftOut = v.InferOutput<typeof filesLeftOutSchema>;

interface Counted {
  readonly trainCount: number;
  readonly testCount: number;
  readonly leftOut?: {
    readonly count: number;
    readonly reasons?: readonly { readonly why: string; readonly count: number }[] | undefined;
  } | null;
}

/** What is recorded of the files of a data set; undefined where none was left out. */
export function filesLeftOut(dataset: Counted): FilesLeftOut | undefined {
  const { trainCount, testCount, leftOut } = dataset;
  if (!leftOut || leftOut.count === 0) return undefined;
  const { count, reasons = [] } = leftOut;
  return {
    count,
    of: trainCount + testCount + count,
    reasons: reasons.map((each) => ({ ...each })),
  };
}

/** `281 of 475 files were left out: cannot be decoded (200); lies in no folder of a class (81)` */
export function leftOutText({ count, of, reasons }: FilesLeftOut): string {
  const why = reasons.map((reason) => `${reason.why} (${reason.count})`).join('; ');
  const files = `${count} of ${of} file${of === 1 ? '' : 's'} ${count === 1 ? 'was' : 'were'}`;
  return `${files} left out${why === '' ? '' : `: ${why}`}`;
}
