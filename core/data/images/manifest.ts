/** A decoded set in a few hundred bytes: what goes to another machine before its pixels. */
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { bytesOf, count, type Index, indexSchema } from './cache-index.ts';

/** The file with the pixels and labels of a set. */
export interface DecodedImages {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

const manifestSchema = v.strictObject({
  format: v.literal('ktg-data'),
  index: indexSchema,
  images: v.strictObject({
    sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
    bytes: count,
  }),
});
type Manifest = v.InferOutput<typeof manifestSchema>;

/**
 * A set in a few hundred bytes, for another machine: without paths, and with only the numbers of
 * files that were left out.
 */
export function manifestOf(index: Index, { sha256, bytes }: DecodedImages): Uint8Array {
  const { leftOut, places: _places, ...about } = index;
  const manifest: Manifest = {
    format: 'ktg-data',
    index: { ...about, leftOut: { ...leftOut, files: [] } },
    images: { sha256, bytes },
  };
  return Buffer.from(JSON.stringify(manifest));
}

/** @throws LabError `data.delivery-damaged` */
export function readManifest(bytes: Uint8Array): Manifest {
  try {
    const manifest = v.parse(manifestSchema, JSON.parse(Buffer.from(bytes).toString('utf8')));
    if (manifest.images.bytes === bytesOf(manifest.index)) return manifest;
  } catch {
    // of another version, or no manifest
  }
  throw new LabError('data.delivery-damaged');
}
