import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { nodeProgram } from '../../core/base/node-program.ts';
import { stream } from '../../core/base/random.ts';
import { integerOption, textOf } from '../../core/commands/values.ts';
import { decoderVersions } from '../../core/data/images/decode.ts';
import { openDataset } from '../../core/data/resolve.ts';

/** Of one photograph, in pixels, as in ImageNet. */
const [WIDTH, HEIGHT] = [500, 375];
/** Different photographs; the others are copies. */
const DIFFERENT = 50;
const CLASSES = 10;

const opener = fileURLToPath(new URL('./open-images.ts', import.meta.url));

/**
 * Measures how fast JPEG files are decoded to 64 pixels, and how long a process needs to open a set
 * that is decoded already. Files in `--folder` stay, and are used again by the next call.
 */
export async function bench(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      images: { type: 'string' },
      cached: { type: 'string' },
      folder: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  const images = integerOption(values, 'images', 3000, 100, 1_000_000);
  const cached = integerOption(values, 'cached', 100_000, 0, 1_000_000);
  const given = textOf(values, 'folder');
  const folder = given ?? mkdtempSync(join(tmpdir(), 'ktg-bench-images-'));
  try {
    const machine = {
      processor: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      load: loadavg()[0]!,
      node: process.version,
      decoder: decoderVersions,
    };
    const say = (text: string): void => {
      if (values.json !== true) console.log(text);
    };
    say(JSON.stringify(machine));
    const decoded = await decoding(folder, images);
    say(decodedText(decoded));
    const opened: Opened[] = [];
    if (cached > 0)
      for (const side of [32, 64] as const) {
        opened.push(await opening(folder, cached, side));
        say(openedText(opened.at(-1)!));
      }
    if (values.json === true) console.log(JSON.stringify({ machine, decoded, opened }));
    return 0;
  } finally {
    if (given === undefined) rmSync(folder, { recursive: true });
  }
}

interface Decoded {
  readonly images: number;
  readonly kilobytes: number;
  readonly seconds: number;
  /** Of all threads. */
  readonly processorSeconds: number;
}

interface Opened {
  readonly images: number;
  readonly side: number;
  /** Of three processes, each from its start to the set in memory, without the start of Node. */
  readonly seconds: number[];
}

const decodedText = ({ images, kilobytes, seconds, processorSeconds }: Decoded): string =>
  `${images} JPEG files of ${WIDTH} x ${HEIGHT} pixels and ${kilobytes.toFixed(0)} kB to 64 pixels: ` +
  `${seconds.toFixed(2)} s, ${(images / seconds).toFixed(0)} images/s, ` +
  `${((1000 * processorSeconds) / images).toFixed(2)} ms of processor time each`;

const openedText = ({ images, side, seconds }: Opened): string =>
  `${images} decoded images of ${side} pixels are opened in ` +
  `${seconds.map((each) => each.toFixed(2)).join(', ')} s`;

/** Something like a photograph: soft areas and fine noise. */
async function photograph(seed: number): Promise<Buffer> {
  const draw = stream(seed, 'photograph');
  const noise = async (width: number, height: number, spread: number): Promise<Buffer> => {
    const pixels = Uint8Array.from({ length: width * height * 3 }, () =>
      Math.round(128 + spread * (2 * draw.uniform() - 1)),
    );
    return sharp(pixels, { raw: { width, height, channels: 3 } })
      .resize(WIDTH, HEIGHT, { fit: 'fill', kernel: 'cubic' })
      .png()
      .toBuffer();
  };
  return sharp(await noise(16, 12, 120))
    .composite([{ input: await noise(WIDTH / 2, Math.ceil(HEIGHT / 2), 60), blend: 'soft-light' }])
    .jpeg({ quality: 90 })
    .toBuffer();
}

async function decoding(folder: string, images: number): Promise<Decoded> {
  const root = join(folder, `photographs-${images}`);
  const different = await Promise.all(
    Array.from({ length: DIFFERENT }, async (_, i) => photograph(i)),
  );
  fill(root, images, (at) => different[at % DIFFERENT]!);
  const home = mkdtempSync(join(folder, 'home-'));
  await sharp(different[0]).resize(64, 64).raw().toBuffer(); // starts its threads
  const before = process.cpuUsage();
  const begun = performance.now();
  await openDataset(`images:side=64,path=${root}`, { folder: home });
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(before);
  rmSync(home, { recursive: true });
  const kilobytes = different.reduce((sum, { length }) => sum + length, 0) / DIFFERENT / 1000;
  return { images, kilobytes, seconds, processorSeconds: (user + system) / 1e6 };
}

/** Writes the files of a set, unless an earlier call did. */
function fill(root: string, images: number, bytesOf: (at: number) => Uint8Array): void {
  if (existsSync(root)) return;
  for (let label = 0; label < CLASSES; label++)
    mkdirSync(join(root, 'train', `class-${label}`), { recursive: true });
  for (let at = 0; at < images; at++)
    writeFileSync(join(root, 'train', `class-${at % CLASSES}`, `${at}.jpg`), bytesOf(at));
}

/** Small files, decoded once by this process; then read by others, as workers do. */
async function opening(folder: string, images: number, side: 32 | 64): Promise<Opened> {
  const root = join(folder, `small-${side}-${images}`);
  const one = await sharp(await photograph(1))
    .resize(side, side)
    .jpeg()
    .toBuffer();
  fill(root, images, () => one);
  const home = join(folder, 'home');
  const spec = `images:side=${side},path=${root}`;
  await openDataset(spec, { folder: home });
  const open = (): number =>
    Number(execFileSync(nodeProgram(), [opener, spec, home], { encoding: 'utf8' }));
  return { images, side, seconds: [open(), open(), open()] };
}
