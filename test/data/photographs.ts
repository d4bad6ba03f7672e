import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { crc32, deflateSync } from 'node:zlib';

/** Writes a file and the folders around it. */
export function put(root: string, path: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), bytes);
}

type Format = 'jpeg' | 'png' | 'webp';

/** An image whose left half has one colour and whose right half another. */
export async function halves(
  width: number,
  height: number,
  [left, right]: readonly [number[], number[]],
  format: Format = 'jpeg',
): Promise<Buffer> {
  const pixels = Buffer.alloc(width * height * 3);
  for (let i = 0; i < width * height; i++) pixels.set(i % width < width / 2 ? left : right, 3 * i);
  const image = sharp(pixels, { raw: { width, height, channels: 3 } });
  return image.toFormat(format, { quality: 95 }).toBuffer();
}

const RED = [220, 30, 30];
const GREEN = [30, 200, 40];
const BLUE = [40, 50, 210];
/** Colours of the halves by class: the classes differ in their order, too. */
const classColours = {
  'red-green': [RED, GREEN],
  'green-red': [GREEN, RED],
  blue: [BLUE, BLUE],
} as const;

/** Real JPEG files, `count` in each of three classes, of differing sizes and brightness. */
export async function photographs(root: string, count: number): Promise<void> {
  for (const [group, [left, right]] of Object.entries(classColours))
    for (let i = 0; i < count; i++) {
      const dim = (colour: readonly number[]): number[] =>
        colour.map((value) => Math.round(value * (0.6 + (0.4 * ((i * 7) % 11)) / 10)));
      const size = 40 + ((i * 13) % 50);
      const bytes = await halves(size + (i % 9), size, [dim(left), dim(right)]);
      put(root, `${group}/${i}.jpg`, bytes);
    }
}

/** A PNG file that says it has `width` x `height` pixels, and holds almost none. */
export function lyingPng(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const begin = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = chunk('IDAT', deflateSync(Buffer.alloc(1000)));
  return Buffer.concat([begin, chunk('IHDR', header), data, chunk('IEND', Buffer.alloc(0))]);
}
