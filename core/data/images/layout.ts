import type { ImageProblem } from '../left-out.ts';
import type { PlacedFile } from './place.ts';

/** Parts of a set: `val` judges a search where the set has it. */
const imageParts = ['train', 'val', 'test'] as const;
type ImagePart = (typeof imageParts)[number];

/** An image file with its class. */
export interface LabelledFile {
  readonly file: PlacedFile;
  readonly part: ImagePart;
  /** Folder of its class. */
  readonly group: string;
}

export interface ImageLayout {
  /** In the order of paths; a file without a split of its own is of `train`. */
  readonly images: readonly LabelledFile[];
  readonly problems: readonly ImageProblem[];
}

/** True for the name of an image file. */
export const isImageName = (path: string): boolean => /\.(jpe?g|png|webp)$/i.test(path);

/**
 * Says of every file which class and part it is of: `train/CLASS/...`, `val/CLASS/...`,
 * `test/CLASS/...`, or `CLASS/...` where there is no `train`. All may lie in one more folder.
 *
 * @param skipped parts that are left out without a word, such as a test set without labels
 * @param groups classes of files whose folders do not tell them
 */
export function layoutOf(
  files: readonly PlacedFile[],
  skipped: ReadonlySet<string> = new Set(),
  groups: ReadonlyMap<string, string> = new Map(),
): ImageLayout {
  const inside = commonFolder(files.filter(({ fault }) => fault === undefined));
  const hasParts = files.some(({ path }) => path.startsWith(`${inside}train/`));
  const images: LabelledFile[] = [];
  const problems: ImageProblem[] = [];
  for (const file of files) {
    const folders = file.path.slice(inside.length).split('/').slice(0, -1);
    const [first = ''] = folders;
    if (hasParts && skipped.has(first)) continue;
    const part = hasParts ? imageParts.find((each) => each === first) : 'train';
    const group = groups.get(file.path) ?? (hasParts ? folders[1] : folders[0]);
    if (file.fault !== undefined) problems.push({ file: file.path, why: file.fault });
    else if (!isImageName(file.path))
      problems.push({ file: file.path, why: 'is no JPEG, PNG or WebP file' });
    else if (part === undefined)
      problems.push({ file: file.path, why: 'lies outside train, val and test' });
    else if (group === undefined)
      problems.push({ file: file.path, why: 'lies in no folder of a class' });
    else images.push({ file, part, group });
  }
  return { images, problems };
}

/** The one folder around `train`, or around the folders of the classes; '' for none. */
function commonFolder(files: readonly PlacedFile[]): string {
  const [first = ''] = files[0]?.path.split('/') ?? [];
  const folder = `${first}/`;
  if (files.some(({ path }) => path.startsWith('train/') || !path.startsWith(folder))) return '';
  const hasTrain = files.some(({ path }) => path.startsWith(`${folder}train/`));
  return hasTrain || files.every(({ path }) => path.split('/').length > 2) ? folder : '';
}
