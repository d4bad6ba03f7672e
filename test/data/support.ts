import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { HeaderData } from 'tar';
import { Header } from 'tar';

/** A folder that goes when the test ends. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ktg-data-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Bytes of a tar archive of entries with any header, also ones that no archiver would write. */
export function tarOf(...entries: (HeaderData & { path: string; bytes?: Uint8Array })[]): Buffer {
  const blocks = entries.flatMap(({ bytes = new Uint8Array(), ...header }) => {
    const block = Buffer.alloc(512);
    new Header({ mode: 0o644, type: 'File', size: bytes.length, ...header }).encode(block, 0);
    return [block, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/**
 * `count` records in a CIFAR layout: label bytes by `labels(record)`, pixels that differ by record
 * and place.
 */
export function records(count: number, labels: (record: number) => number[]): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, record) => {
      const pixels = Uint8Array.from(
        { length: 3072 },
        (_, place) => (record * 31 + place * 7) % 256,
      );
      return Buffer.concat([Buffer.from(labels(record)), pixels]);
    }),
  );
}
