import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { LabError, messageOf } from '../../base/errors.ts';

/** Entries of one checkpoint: one per tensor, and a few notes. */
const MAX_ENTRIES = 100_000;
/** Longest pickle, bytes: that of a network with 10,000 tensors has 2 MB. */
const MAX_PICKLE = 8 << 20;

interface Placed {
  readonly entry: Entry;
  /** First and last + 1 byte of its data in the file. */
  readonly start: number;
  readonly end: number;
}

/**
 * The zip archive of a PyTorch checkpoint: NAME/data.pkl, NAME/data/0, NAME/data/1, ... yauzl
 * reads the directory and refuses names outside the archive; this adds what a file of a stranger
 * needs: nothing compressed, doubled or overlapping, and every content equal to its checksum.
 */
export class TorchArchive {
  readonly #zip: ZipFile;
  readonly #source: string;
  readonly #entries: ReadonlyMap<string, Placed>;
  readonly #root: string;

  private constructor(
    zip: ZipFile,
    source: string,
    entries: ReadonlyMap<string, Placed>,
    root: string,
  ) {
    this.#zip = zip;
    this.#source = source;
    this.#entries = entries;
    this.#root = root;
  }

  /**
   * Opens a file that begins like a zip archive, and checks all its entries.
   *
   * @param source names the file in errors
   * @throws LabError `torch.damaged`, `torch.unknown-format`
   */
  static async open(path: string, source: string): Promise<TorchArchive> {
    const zip = await openPromise(path, { autoClose: false, strictFileNames: true }).catch(
      (error: unknown) => {
        throw damaged(source, messageOf(error), error);
      },
    );
    try {
      const entries = await placedEntries(zip, source);
      const root = rootOf([...entries.keys()], source);
      const archive = new TorchArchive(zip, source, entries, root);
      const order = await archive.#note('byteorder');
      if (order !== null && order !== 'little')
        throw new LabError('torch.unknown-format', {
          source,
          found: 'of a machine with another byte order',
        });
      return archive;
    } catch (error) {
      zip.close();
      throw error instanceof LabError ? error : damaged(source, messageOf(error), error);
    }
  }

  /** The pickle that describes the tensors. */
  async pickle(): Promise<Uint8Array> {
    const entry = this.#entries.get(`${this.#root}/data.pkl`)!;
    if (entry.end - entry.start > MAX_PICKLE)
      throw damaged(this.#source, `its pickle has ${entry.end - entry.start} bytes`);
    return this.#read(entry);
  }

  /** Bytes of a storage; undefined when the archive has none by this key. */
  storageSize(key: string): number | undefined {
    const entry = this.#storage(key);
    return entry && entry.end - entry.start;
  }

  /** @throws LabError `torch.damaged` */
  async readStorage(key: string): Promise<Uint8Array> {
    return this.#read(this.#storage(key)!);
  }

  /**
   * Compares every entry with its checksum.
   *
   * @throws LabError `torch.damaged`
   */
  async check(): Promise<void> {
    for (const { entry } of this.#entries.values()) {
      let sum = 0;
      const stream = await this.#zip.openReadStreamPromise(entry);
      for await (const chunk of stream as AsyncIterable<Buffer>) sum = crc32(chunk, sum);
      this.#requireSum(entry, sum);
    }
  }

  close(): void {
    this.#zip.close();
  }

  #storage(key: string): Placed | undefined {
    return this.#entries.get(`${this.#root}/data/${key}`);
  }

  async #note(name: string): Promise<string | null> {
    const entry = this.#entries.get(`${this.#root}/${name}`);
    if (!entry || entry.end - entry.start > 100) return null;
    return Buffer.from(await this.#read(entry)).toString('latin1');
  }

  async #read({ entry }: Placed): Promise<Uint8Array> {
    const bytes = await this.#zip.openReadStreamPromise(entry).then(buffer);
    this.#requireSum(entry, crc32(bytes));
    return bytes;
  }

  #requireSum({ fileName, crc32: expected }: Entry, sum: number): void {
    if (sum !== expected)
      throw damaged(this.#source, `the content of ${fileName} has another checksum (CRC-32)`);
  }
}

/** All entries by name, without compressed, doubled or overlapping ones. */
async function placedEntries(zip: ZipFile, source: string): Promise<Map<string, Placed>> {
  if (zip.entryCount > MAX_ENTRIES) throw damaged(source, `it has ${zip.entryCount} entries`);
  const entries = new Map<string, Placed>();
  for await (const entry of zip.eachEntry()) {
    const { fileName } = entry;
    if (entries.has(fileName)) throw damaged(source, `it has two entries named ${fileName}`);
    if (entry.compressionMethod !== 0 || entry.isEncrypted())
      throw damaged(source, `${fileName} is compressed or encrypted, which PyTorch never does`);
    const header = await zip.readLocalFileHeaderPromise(entry);
    if (!header.fileName.equals(entry.fileNameRaw))
      throw damaged(source, `${fileName} has another name at its own place in the file`);
    const start = header.fileDataStart;
    const end = start + entry.compressedSize;
    if (end > zip.fileSize) throw damaged(source, `${fileName} goes beyond the end of the file`);
    entries.set(fileName, { entry, start, end });
  }
  const placed = [...entries.values()].sort((a, b) => a.start - b.start);
  for (const [i, { start, end, entry }] of placed.entries())
    if (end > start && i > 0 && start < placed[i - 1]!.end)
      throw damaged(source, `${entry.fileName} overlaps another entry`);
  return entries;
}

/** The one folder that all entries lie in. */
function rootOf(names: readonly string[], source: string): string {
  const pickles = names.filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1)
    throw damaged(source, `it has ${pickles.length} entries named data.pkl, expected one`);
  const root = pickle.slice(0, -'/data.pkl'.length);
  const stray = names.find((name) => !name.startsWith(`${root}/`));
  if (stray !== undefined) throw damaged(source, `${stray} lies outside its folder`);
  if (names.some((name) => name === `${root}/constants.pkl` || name.startsWith(`${root}/code/`)))
    throw new LabError('torch.unknown-format', { source, found: 'TorchScript, a program' });
  return root;
}

const damaged = (source: string, why: string, cause?: unknown): LabError =>
  new LabError('torch.damaged', { source, why: why.replace(/\.$/, '') }, { cause });
