import { type ImageLayout, layoutOf } from './layout.ts';
import type { ImagePlace, PlacedFile } from './place.ts';

/** The lists of Tiny-ImageNet-200 beside its images. */
const NAMES = 'words.txt';
const CLASSES = 'wnids.txt';
const ANNOTATIONS = 'val/val_annotations.txt';

const named = (files: readonly PlacedFile[], name: string): PlacedFile | undefined =>
  files.find(({ path }) => path === name || path.endsWith(`/${name}`));

/** True for the files of Tiny-ImageNet-200, or of a part of it in the same layout. */
export const isTinyImageNet = (files: readonly PlacedFile[]): boolean =>
  named(files, CLASSES) !== undefined && named(files, ANNOTATIONS) !== undefined;

/**
 * The layout of Tiny-ImageNet-200: a list tells the classes of the validation images, and the test
 * images have none, so the validation images are the test set, as in the literature.
 *
 * @returns also the words for each class
 */
export async function tinyLayout(
  place: ImagePlace,
): Promise<ImageLayout & { names: ReadonlyMap<string, string> }> {
  const files = place.files.filter(({ path }) => !path.endsWith('.txt'));
  const list = named(place.files, ANNOTATIONS)!;
  const folder = list.path.slice(0, -'val_annotations.txt'.length);
  const groups = new Map(
    rowsOf(await place.read(list)).map(([file = '', group = '']) => [
      `${folder}images/${file}`,
      group,
    ]),
  );
  const words = named(place.files, NAMES);
  const names = new Map(
    (words ? rowsOf(await place.read(words)) : []).map(([group = '', text = '']) => [
      group,
      text.split(',')[0]!.trim(),
    ]),
  );
  return { ...layoutOf(files, new Set(['test']), groups), names };
}

/** The lines of a table whose columns tabs divide. */
const rowsOf = (bytes: Buffer): string[][] =>
  bytes
    .toString('utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
