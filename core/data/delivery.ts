import { createHash } from 'node:crypto';
import { makeFolder } from '../base/folder.js';
import type { Dataset } from './dataset.ts';
import { decodedFolder } from './images/cache-index.ts';
import { decodedPlaces, findDecoded, keepDecoded, keepReceived } from './images/cache.ts';
import { type DecodedImages, manifestOf, readManifest } from './images/manifest.ts';
import { openDataset } from './resolve.ts';
import { deliveredKey, deliveredName, isDelivered } from './delivered.ts';

/** A person's own data set, as other machines get it: by the hashes of its two files. */
export interface Delivery {
  /** The set's specification on other machines; tells SHA-256 and bytes of the manifest. */
  readonly name: string;
  /** What the set is, and which images belong to it. */
  readonly manifest: Uint8Array;
  readonly images: DecodedImages;
}

/**
 * Makes a data set ready for other machines: its images lie decoded in one file of the data folder.
 *
 * @throws LabError those of `openDataset`
 */
export async function packDataset(spec: string, home: string): Promise<Delivery> {
  const dataset = await openDataset(spec, { folder: home, download: false });
  const { identity } = dataset;
  const sha256 = hashOf(dataset);
  const found = await findDecoded(home, identity, sha256);
  if (!found) {
    makeFolder(decodedFolder(home));
    const key = createHash('sha256').update(identity).digest('hex').slice(0, 32);
    await keepDecoded({ home, key, path: spec }, dataset, 'files as they are');
  }
  const decoded = found ?? (await findDecoded(home, identity, sha256));
  if (!decoded) throw new Error('A stored data set is missing.');
  const { images } = decoded;
  const manifest = manifestOf(decoded.index, images);
  const name = deliveredName(createHash('sha256').update(manifest).digest('hex'), manifest.length);
  return { name, manifest, images };
}

/** SHA-256 of the one file that keeps these images and labels. */
const hashOf = ({ images, labels }: Dataset): string =>
  createHash('sha256').update(images).update(labels).digest('hex');

/**
 * Keeps a set that the lab has delivered.
 *
 * @param copy writes the images of that hash to a path
 * @throws LabError `data.delivery-damaged`
 */
export async function keepDelivered(
  name: string,
  home: string,
  manifest: Uint8Array,
  copy: (images: { sha256: string; bytes: number }, path: string) => Promise<void>,
): Promise<void> {
  const { index, images } = readManifest(manifest);
  const place = { home, key: deliveredKey(name), path: name };
  await keepReceived(place, index, (path) => copy(images, path));
}

/** Names of the delivered sets that a data folder has. */
export const deliveredIn = async (home: string): Promise<string[]> =>
  (await decodedPlaces(home)).filter(isDelivered);
