import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** An entry of a zip archive; what is left out is as it should be. */
export interface ZipEntry {
  readonly name: string;
  readonly data: Uint8Array;
  readonly crc?: number;
  /** Of the content, as the archive says it. */
  readonly size?: number;
  /** Name in front of the data, where it is another one. */
  readonly localName?: string;
  readonly method?: number;
  readonly flags?: number;
  /** Lies where the entry of this place lies. */
  readonly at?: number;
}

/** A zip archive without compression, as `torch.save` writes it, or as it never would. */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const starts: number[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const { data, name, localName = name, method = 0, flags = 0 } = entry;
    const crc = entry.crc ?? crc32(data);
    const fields = Buffer.alloc(22);
    fields.writeUInt16LE(flags, 0);
    fields.writeUInt16LE(method, 2);
    fields.writeUInt32LE(crc, 8);
    fields.writeUInt32LE(data.length, 12);
    fields.writeUInt32LE(entry.size ?? data.length, 16);
    const local = Buffer.from(localName);
    fields.writeUInt16LE(local.length, 20);
    starts.push(entry.at === undefined ? offset : starts[entry.at]!);
    if (entry.at === undefined) {
      const head = Buffer.concat([
        Buffer.from('PK\x03\x04\x14\x00', 'latin1'),
        fields,
        Buffer.alloc(2),
        local,
        data,
      ]);
      parts.push(head);
      offset += head.length;
    }
    const own = Buffer.from(name);
    fields.writeUInt16LE(own.length, 20);
    const tail = Buffer.alloc(16);
    tail.writeUInt32LE(starts.at(-1)!, 12);
    central.push(
      Buffer.concat([Buffer.from('PK\x01\x02\x14\x00\x14\x00', 'latin1'), fields, tail, own]),
    );
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, directory, end]);
}

const text = (value: string): string => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(value));
  return `X${length.toString('latin1')}${Buffer.from(value).toString('latin1')}`;
};
const integer = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return `J${bytes.toString('latin1')}`;
};
const tuple = (...items: string[]): string => `(${items.join('')}t`;
const ORDERED = 'ccollections\nOrderedDict\n)R';

export interface SavedTensor {
  readonly shape: readonly number[];
  readonly strides?: readonly number[];
  readonly offset?: number;
  readonly key: string;
  readonly length: number;
  readonly storage?: string;
}

/** Pieces of pickles of protocol 2 in latin1, as PyTorch writes them. */
export const pickled = {
  text,
  integer,
  tuple,
  dict: (...items: readonly (readonly [string, string])[]): string =>
    `}(${items.map(([name, value]) => text(name) + value).join('')}u`,
  ordered: (...items: readonly (readonly [string, string])[]): string =>
    `${ORDERED}(${items.map(([name, value]) => text(name) + value).join('')}u`,
  tensor(saved: SavedTensor): string {
    const { shape, key, length, storage = 'FloatStorage', offset = 0 } = saved;
    const strides =
      saved.strides ?? shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
    const id = tuple(
      text('storage'),
      `ctorch\n${storage}\n`,
      text(key),
      text('cpu'),
      integer(length),
    );
    const args = tuple(
      `${id}Q`,
      integer(offset),
      tuple(...shape.map(integer)),
      tuple(...strides.map(integer)),
      '\x89',
      ORDERED,
    );
    return `ctorch._utils\n_rebuild_tensor_v2\n${args}R`;
  },
  /** The whole pickle of one value. */
  file: (value: string): Buffer => Buffer.from(`\x80\x02${value}.`, 'latin1'),
};

/** The entries of a checkpoint with a pickle and storages by key. */
export const checkpoint = (
  pickle: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
): ZipEntry[] => [
  { name: 'archive/data.pkl', data: pickle },
  { name: 'archive/byteorder', data: Buffer.from('little') },
  ...Object.entries(storages).map(([key, data]) => ({ name: `archive/data/${key}`, data })),
  { name: 'archive/version', data: Buffer.from('3\n') },
];

/** Writes a file into a folder and returns its path. */
export function written(folder: string, name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** A safetensors file with this header and so many bytes of data. */
export function safetensorsOf(header: unknown, data: number | Uint8Array = 0): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, typeof data === 'number' ? Buffer.alloc(data) : data]);
}
