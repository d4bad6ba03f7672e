import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { nodeProgram } from '../../core/base/node-program.ts';
import { checkpoint, pickled, safetensorsOf, written, zipOf } from './torch-files.ts';

const { dict, file, integer, ordered, tensor, text, tuple } = pickled;
const folder = mkdtempSync(join(tmpdir(), 'ktg-hostile-'));
after(() => {
  rmSync(folder, { recursive: true });
});

/** Heap of the process that reads, MB, and all of its memory. */
const HEAP = 600;
const MEMORY = 900;
/** Seconds after which the process is killed: any of the files alone once took longer. */
const PATIENCE = 240;

const numbers = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer);
const weight = tensor({ shape: [2, 2], key: '0', length: 4 });
const ORDERED = 'ccollections\nOrderedDict\n';
const ofPickle = (value: string | Buffer, storages: Record<string, Uint8Array> = { 0: numbers }) =>
  zipOf(checkpoint(typeof value === 'string' ? file(value) : value, storages));
const good = checkpoint(file(dict(['fc.weight', weight])), { 0: numbers });
const [, , storage] = good as [(typeof good)[0], (typeof good)[0], (typeof good)[0]];

/** Memo 0 becomes `value`, and the stack stays as it was. */
const kept = (value: string): string => `${value}q\x000`;

/** An archive whose storage is a hole of so many bytes behind its header. */
function withHole(path: string, bytes: number): string {
  const saved = tensor({ shape: [2, 2], key: '0', length: 4 }).replace(
    integer(4),
    integer(2 ** 30),
  );
  const whole = ofPickle(dict(['fc.weight', saved]), { 0: new Uint8Array() });
  const name = Buffer.from('archive/data/0');
  const local = whole.indexOf(name) - 30;
  const head = Buffer.from(whole.subarray(0, local + 30 + name.length));
  const central = Buffer.from(whole.subarray(head.length));
  head.writeUInt32LE(bytes, local + 18);
  head.writeUInt32LE(bytes, local + 22);
  // behind the hole: the version's entry, then the directory, all of whose places move
  const start = central.indexOf('PK\x01\x02');
  for (let at = start; central.readUInt32LE(at) === 0x02014b50;) {
    const length = central.readUInt16LE(at + 28);
    const place = central.readUInt32LE(at + 42);
    if (place > local) central.writeUInt32LE(place + bytes, at + 42);
    if (place === local) for (const field of [20, 24]) central.writeUInt32LE(bytes, at + field);
    at += 46 + length;
  }
  const end = central.lastIndexOf('PK\x05\x06');
  central.writeUInt32LE(head.length + bytes + start, end + 16);
  const out = openSync(path, 'w');
  writeSync(out, head);
  ftruncateSync(out, head.length + bytes);
  writeSync(out, central, 0, central.length, head.length + bytes);
  closeSync(out);
  return path;
}

const many = (count: number, piece: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => piece(at)).join('');

const unsigned = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString('latin1');
};

type Made = readonly [what: string, bytes: () => Uint8Array, why: RegExp];

const pickles: readonly Made[] = [
  [
    'one list of pairs that becomes a dictionary ten thousand times',
    () => {
      const pair = kept(tuple(integer(1), integer(2)));
      const list = `](${'h\x00'.repeat(900_000)}eq\x010`;
      return ofPickle(`${pair}${list}${many(10_000, () => `${ORDERED}h\x01\x85R0`)}N`);
    },
    /more than 1000000 pairs/,
  ],
  [
    'a whole number of seven million bytes',
    () => ofPickle(`\x8b${unsigned(7_000_000)}${'\x7f'.repeat(7_000_000)}`),
    /a whole number of 7000000 bytes/,
  ],
  [
    'a shape of a million axes, for many tensors',
    () => {
      const id = tuple(
        ...[text('storage'), 'ctorch\nFloatStorage\n', text('0'), text('cpu'), integer(4)],
      );
      const args = `(${id}Q${integer(0)}h\x00h\x00\x89${ORDERED})Rtq\x010`;
      const shape = kept(`(${'K\x01'.repeat(1_000_000)}t`);
      const make = 'ctorch._utils\n_rebuild_tensor_v2\nh\x01R0';
      return ofPickle(`${shape}${args}${make.repeat(50_000)}N`);
    },
    /a tensor has no storage, shape or strides/,
  ],
  [
    'more tensors than a network has',
    () => {
      const args = weight.slice('ctorch._utils\n_rebuild_tensor_v2\n'.length, -1);
      const make = 'ctorch._utils\n_rebuild_tensor_v2\nh\x00R0';
      return ofPickle(`${kept(args)}${make.repeat(150_000)}N`);
    },
    /more than 100000 tensors/,
  ],
  [
    'half a million dictionaries with one tensor each',
    () => ofPickle(`${kept(weight)}](${'}U\x01ah\x00s'.repeat(500_000)}e`),
    /Not in the network: a \[2, 2\]/,
  ],
  [
    'one tensor named two million times',
    () => ofPickle(`${kept(weight)}](${'h\x00'.repeat(2_000_000)}e`),
    /no tensors with the names of a network/,
  ],
  [
    'a million lists that all lie 45 deep',
    () => ofPickle(`${']'.repeat(45)}(${']'.repeat(1_000_000)}e${'a'.repeat(44)}`),
    /no tensors with the names of a network/,
  ],
  [
    'two million lists inside each other',
    () => ofPickle(`${']'.repeat(1_900_000)}${'a'.repeat(1_899_999)}`),
    /containers lie more than 50 deep/,
  ],
  [
    'the largest places in its memo',
    () =>
      ofPickle(
        `Nr${unsigned(2 ** 32 - 1)}0${many(100_000, (at) => `Nr${unsigned(2 ** 31 + at * 7919)}0`)}j${unsigned(5)}`,
      ),
    /refers to a value 5 that it lacks/,
  ],
  [
    'negative strides',
    () => {
      const saved = tensor({ shape: [2, 2], strides: [-2, 1], offset: 2, key: '0', length: 4 });
      return ofPickle(dict(['fc.weight', saved]));
    },
    /the strides \[-2, 1\] .*not all whole numbers/,
  ],
  [
    'sizes and places that are broken numbers',
    () => {
      const half = Buffer.alloc(8);
      half.writeDoubleBE(1.5);
      const saved = weight.replace(integer(2), `G${half.toString('latin1')}`);
      return ofPickle(dict(['fc.weight', saved]));
    },
    /fc\.weight has the shape \[1\.5, 2\]/,
  ],
  [
    'a size of 2^63',
    () => ofPickle(dict(['w', weight.replace(integer(2), '\x8a\x08\0\0\0\0\0\0\0\x80')])),
    /a tensor has no storage, shape or strides|not all whole numbers/,
  ],
  [
    'names of properties and a long one',
    () =>
      ofPickle(
        ordered(
          ...['__proto__', 'constructor', 'toString', 'x'.repeat(1_000_000)].map(
            (name) => [name, weight] as const,
          ),
        ),
      ),
    /Not in the network: __proto__ \[2, 2\]; constructor \[2, 2\]; toString \[2, 2\]; x{200}\./,
  ],
  [
    'a storage that calls a function',
    () => ofPickle(dict(['w', `${tuple('cos\nsystem\n', text('touch pwned'))}Q`])),
    /os\.system/,
  ],
  [
    'a tensor whose hook is a function',
    () => ofPickle(dict(['w', weight.replace(ORDERED, 'cbuiltins\nexec\n')])),
    /builtins\.exec/,
  ],
];

const archives: readonly Made[] = [
  [
    'a compressed pickle that grows to a gigabyte',
    () =>
      zipOf([
        { name: 'archive/data.pkl', data: Buffer.alloc(1000), method: 8 },
        { ...storage, method: 8 },
      ]),
    /compressed or encrypted/,
  ],
  [
    'a name with a step up by a backslash',
    () => zipOf([...good, { ...storage, name: 'archive\\..\\..\\pwned' }]),
    /invalid characters in fileName|outside its folder/,
  ],
  [
    'a name with a drive',
    () => zipOf([...good, { ...storage, name: 'C:/pwned' }]),
    /absolute path|outside its folder/,
  ],
  [
    'a name of 60,000 characters',
    () => zipOf([...good, { ...storage, name: `archive/${'a'.repeat(60_000)}/../../pwned` }]),
    /invalid relative path/,
  ],
  [
    'two entries over the same bytes',
    () =>
      zipOf([...good, { ...storage, name: 'archive/data/1', localName: 'archive/data/1', at: 2 }]),
    /another name|overlaps another entry/,
  ],
  [
    'a directory that counts more entries than there are',
    () => {
      const bytes = zipOf(good);
      bytes.writeUInt16LE(60_000, bytes.length - 12);
      return bytes;
    },
    /damaged/,
  ],
  [
    'a directory outside the file',
    () => {
      const bytes = zipOf(good);
      bytes.writeUInt32LE(0xffff_fff0, bytes.length - 6);
      return bytes;
    },
    /damaged/,
  ],
];

const safetensors: readonly Made[] = [
  [
    'a hundred thousand axes',
    () =>
      safetensorsOf(
        { w: { dtype: 'F32', shape: Array(100_000).fill(1), data_offsets: [0, 4] } },
        4,
      ),
    /has 100000 axes/,
  ],
  [
    'sizes whose product is beyond all numbers',
    () =>
      safetensorsOf({ w: { dtype: 'F32', shape: Array(60).fill(2e9), data_offsets: [0, 4] } }, 4),
    /does not fit its 4 bytes/,
  ],
  [
    'a header of 15 MB of nested lists',
    () => safetensorsOf(`{"w":${'['.repeat(15e6)}`),
    /not a JSON object/,
  ],
  [
    'notes that are no words',
    () => safetensorsOf({ __metadata__: [1, { ktg: 2 }] }),
    /no tensors with the names of a network|does not fit/,
  ],
];

const answer = v.object({
  path: v.string(),
  problem: v.nullable(v.object({ code: v.string(), message: v.string() })),
  seconds: v.number(),
  megabytes: v.number(),
});

test('hostile checkpoints are refused in words, in little memory, and run nothing', (t) => {
  const made = [...pickles, ...archives, ...safetensors];
  const paths = made.map(([, bytes], at) => written(folder, `${at}.pth`, bytes()));
  paths.push(withHole(join(folder, 'hole.pth'), 2 ** 31 + 2 ** 31 - 1_000_000));
  const whys = [...made.map(([, , why]) => why), /a storage of 4293967296 bytes/];
  const titles = [...made.map(([what]) => what), 'a hole of four gigabytes'];
  const program = fileURLToPath(new URL('./read-hostile.ts', import.meta.url));
  const child = spawnSync(nodeProgram(), [`--max-old-space-size=${HEAP}`, program, ...paths], {
    encoding: 'utf8',
    cwd: folder,
    timeout: PATIENCE * 1000,
  });
  assert.equal(child.status, 0, `${child.signal}: ${child.stderr.slice(-500)}`);
  const lines = child.stdout.trim().split('\n');
  assert.equal(lines.length, paths.length);
  for (const [at, line] of lines.entries()) {
    const { path, problem, seconds, megabytes } = v.parse(answer, JSON.parse(line));
    const title = `${titles[at]} (${basename(path)})`;
    t.diagnostic(
      `${title}: ${problem?.code}, ${seconds.toFixed(2)} s, peak ${megabytes.toFixed(0)} MB`,
    );
    assert.match(problem?.code ?? 'accepted', /^torch\./, title);
    assert.match(problem!.message, whys[at]!, title);
    assert.ok(problem!.message.length < 100_000, title);
    assert.ok(megabytes < MEMORY, `${title}: ${megabytes} MB`);
  }
  for (const place of [folder, join(folder, '..'), process.cwd()])
    assert.ok(!existsSync(join(place, 'pwned')), place);
});
