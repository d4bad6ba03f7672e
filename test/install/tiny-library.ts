import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type PublishedWheel, type Release, thisPlatform } from '../../core/install/release.ts';

const record = 'tiny_tensorflow-9.9.9.dist-info/RECORD';

/** What the wheel of the tiny release holds, RECORD included. */
export function tinyContents(): Record<string, string> {
  const files: Record<string, string> = {
    'tensorflow/libtiny_framework.so.2': 'framework '.repeat(20),
    'tensorflow/libtiny.so.2': 'library '.repeat(50),
    'tensorflow/include/tensorflow/c/c_api.h': '#define TINY 1\n',
    'tensorflow/include/tensorflow/core/kernels/unneeded.h': '#error\n',
    'tensorflow/python/unneeded.py': 'raise SystemExit\n',
  };
  const lines = Object.entries(files).map(([path, text]) => {
    const digest = createHash('sha256').update(text).digest('base64url');
    return `${path},sha256=${digest},${String(text.length)}`;
  });
  return { ...files, [record]: [...lines, `${record},,`].join('\n') };
}

/** A zip archive without compression, which is what a wheel is. */
export function zip(files: Record<string, string>): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, text] of Object.entries(files)) {
    const name = Buffer.from(path);
    const body = Buffer.from(text);
    const sizes = Buffer.alloc(16); // CRC, size stored, size unpacked, length of the name
    sizes.writeUInt32LE(crc32(body), 0);
    sizes.writeUInt32LE(body.length, 4);
    sizes.writeUInt32LE(body.length, 8);
    sizes.writeUInt16LE(name.length, 12);
    const local = Buffer.concat([
      Buffer.from('504b0304140000000000000000000000'.slice(0, 28), 'hex'),
      sizes,
      name,
      body,
    ]);
    const central = Buffer.concat([
      Buffer.from('504b01021400140000000000000000000000'.slice(0, 32), 'hex'),
      sizes,
      Buffer.alloc(14),
      name,
    ]);
    central.writeUInt32LE(offset, 42);
    offset += local.length;
    bodies.push(local);
    directory.push(central);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, ...directory, end]);
}

/** Write the tiny wheel, or one with other contents, into a folder. */
export function writeWheel(folder: string, files: Record<string, string> = tinyContents()): string {
  const path = join(folder, 'tiny_tensorflow-9.9.9-py3-none-any.whl');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, zip(files));
  return path;
}

/** Size and SHA-256 of a file, as an index publishes them. */
export const publishedAs = (bytes: Uint8Array): Pick<PublishedWheel, 'wheelBytes' | 'sha256'> => ({
  wheelBytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

/** A release of a few bytes, installed by the real code with a pretended pip and compiler. */
export const tinyRelease: Release = {
  variant: 'cpu',
  version: '9.9.9',
  platform: thisPlatform,
  package: 'tiny-tensorflow',
  tag: 'any',
  ...publishedAs(zip(tinyContents())),
  unpackedBytes: 600,
  libraries: ['libtiny_framework.so.2', 'libtiny.so.2'],
  tested: true,
};

/** An addon that loads anywhere, in the place of the one that would be compiled. */
const someAddon = join(
  dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json')),
  'prebuilds',
  `${thisPlatform}.node`,
);

/** Programs that take the place of the real ones on PATH. */
export class PretendedTools {
  private readonly folder: string;
  private readonly before = process.env.PATH;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Only these tools are found from now on. */
  use(): void {
    process.env.PATH = this.folder;
  }

  /** Back to the machine's own tools. */
  restore(): void {
    process.env.PATH = this.before;
  }

  /** A PATH for another process that finds these before the machine's own. */
  get path(): string {
    return `${this.folder}${delimiter}${this.before ?? ''}`;
  }

  /** A program in JavaScript (CommonJS). */
  add(name: string, source: string): void {
    const path = join(this.folder, name);
    writeFileSync(path, `#!${process.execPath}\n${source}`);
    chmodSync(path, 0o755);
  }

  /** Puts an addon that loads where a compiled one would go. */
  addCompiler(): void {
    const addon = join(this.folder, 'some.node');
    if (!existsSync(addon)) copyFileSync(someAddon, addon);
    this.add(
      'c++',
      `const out = process.argv.indexOf('-o');
       if (out > 0) require('fs').copyFileSync(${JSON.stringify(addon)}, process.argv[out + 1]);`,
    );
  }

  /** As `addCompiler`; `compilations` counts what it compiled. */
  addCountedCompiler(): void {
    this.addCompiler();
    const program = join(this.folder, 'c++');
    const count = `require('fs').appendFileSync(${JSON.stringify(this.log)}, '.');`;
    appendFileSync(program, `\nif (out > 0) ${count}`);
  }

  compilations(): number {
    return readFileSync(this.log, 'utf8').length;
  }

  private get log(): string {
    return join(this.folder, 'compilations');
  }

  /**
   * Puts a compiler of the machine here; a warning of it is an error.
   *
   * @param source what it compiles instead of the sources that it is given
   */
  addStrictCompiler(compiler: string, source?: string): void {
    const given = [
      compiler,
      source,
      { env: { ...process.env, PATH: this.before }, stdio: 'inherit' },
    ];
    this.add(
      'c++',
      `const { spawnSync } = require('child_process');
       const [compiler, source, options] = ${JSON.stringify(given)};
       const given = process.argv.slice(2).map((each) => each.endsWith('.cc') && source || each);
       const flags = [...new Set(given), '-Werror'];
       process.exitCode = spawnSync(compiler, flags, options).status;`,
    );
  }

  /**
   * \`download\` is what \`pip download\` does; it finds its folder in \`dest\`, and \`fs\` and
   * \`path\`.
   */
  addPython(download: string): void {
    this.add(
      'python3',
      `const fs = require('fs'), path = require('path');
       if (process.argv[2] === '-c') {
         const dest = process.argv[process.argv.indexOf('--dest') + 1];
         process.stdin.on('end', () => process.exit(1)).resume();
         (async () => { ${download} })().then(() => process.exit());
       }`,
    );
  }
}
