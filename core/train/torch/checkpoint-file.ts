import { LabError } from '../../base/errors.ts';
import { TorchArchive } from './archive.ts';
import type { TorchFile, TorchState } from './file.ts';
import { unpickle } from './pickle.ts';
import { PickleDict, type PickleGlobal, PickleList, type PickleRules } from './pickle-machine.ts';
import { bytesPerElement, faultOf, MAX_AXES, type TorchTensor, type TorchType } from './tensor.ts';

/** Containers inside each other; a state dict lies two or three deep. */
const MAX_DEPTH = 50;
/** Tensors of one file, and pairs of its dictionaries that are made from lists. */
const MAX_TENSORS = 100_000;
const MAX_PAIRS = 1_000_000;
/** Bytes of one storage: eight times the largest network here with its momentum. */
const MAX_STORAGE = 2 ** 31;
/** Characters of a place or name in a message. */
const NAMED = 200;

const ORDERED = 'collections.OrderedDict';
const TENSOR = 'torch._utils._rebuild_tensor_v2';
const PARAMETER = 'torch._utils._rebuild_parameter';

const storageTypes: Readonly<Record<string, TorchType>> = {
  'torch.FloatStorage': 'float32',
  'torch.DoubleStorage': 'float64',
  'torch.HalfStorage': 'float16',
  'torch.BFloat16Storage': 'bfloat16',
  'torch.LongStorage': 'int64',
};

/** The only globals that a file may name. */
const accepted = new Set([ORDERED, TENSOR, PARAMETER, ...Object.keys(storageTypes)]);

class Storage {
  readonly type: TorchType;
  readonly key: string;
  readonly length: number;

  constructor(type: TorchType, key: string, length: number) {
    this.type = type;
    this.key = key;
    this.length = length;
  }
}

class Tensor {
  readonly tensor: TorchTensor;

  constructor(tensor: TorchTensor) {
    this.tensor = tensor;
  }
}

/**
 * Opens a `.pt` or `.pth` file in the zip format of `torch.save`. Only tensors in plain containers
 * are accepted; every tensor must lie inside its storage, and every storage in the file.
 *
 * @param source names the file in errors
 * @throws LabError `torch.damaged`, `torch.foreign-object`, `torch.tensor`, `torch.unknown-format`
 */
export async function openCheckpointFile(path: string, source: string): Promise<TorchFile> {
  const archive = await TorchArchive.open(path, source);
  try {
    const value = unpickle(await archive.pickle(), rulesFor(source), source);
    const states = statesIn(value, source, ({ tensor }, name) => {
      const why = faultOf(tensor) ?? storageFault(archive, tensor);
      if (why !== null) throw new LabError('torch.tensor', { source, name, why });
    });
    await archive.check();
    return {
      states,
      storage: async (key) => archive.readStorage(key),
      close: async () => {
        archive.close();
        return Promise.resolve();
      },
    };
  } catch (error) {
    archive.close();
    throw error;
  }
}

function storageFault(archive: TorchArchive, { type, storage }: TorchTensor): string | null {
  const size = archive.storageSize(storage.key);
  const key = storage.key.slice(0, 60);
  if (size === undefined) return `has its numbers in "${key}", which is not in the file`;
  if (size > MAX_STORAGE)
    return `has a storage of ${size} bytes, more than the ${MAX_STORAGE} that are read`;
  const needed = storage.length * bytesPerElement[type];
  if (size === needed) return null;
  return `has a storage of ${storage.length} numbers, or ${needed} bytes, and the file has ${size}`;
}

/** A list may be named again and again, so what is made from it is counted. */
function rulesFor(source: string): PickleRules {
  const broken = (why: string): LabError => new LabError('torch.damaged', { source, why });
  let tensors = 0;
  let pairs = 0;
  return {
    global(name) {
      if (accepted.has(name)) return { global: name };
      throw new LabError('torch.foreign-object', { source, name: name.slice(0, 200) });
    },
    persistent(id) {
      const [kind, type, key, , length] = id instanceof PickleList ? id.items : [];
      const stored = storageTypes[(type as Partial<PickleGlobal> | undefined)?.global ?? ''];
      if (kind !== 'storage' || !stored || typeof key !== 'string' || typeof length !== 'number')
        throw broken('a storage has no type, key or length');
      return new Storage(stored, key, length);
    },
    build({ global }, args) {
      if (global === ORDERED) {
        const items = itemsOf(args);
        pairs += items?.length ?? 0;
        if (pairs > MAX_PAIRS) throw broken(`its dictionaries have more than ${MAX_PAIRS} pairs`);
        const dict = items && dictOf(items);
        if (dict) return dict;
        throw broken('a dictionary has no pairs');
      }
      if (++tensors > MAX_TENSORS) throw broken(`it has more than ${MAX_TENSORS} tensors`);
      const built = global === TENSOR ? tensorOf(args) : global === PARAMETER ? args[0] : null;
      if (built instanceof Tensor) return built;
      throw broken('a tensor has no storage, shape or strides');
    },
  };
}

/** The pairs that an OrderedDict is made from. */
function itemsOf(args: readonly unknown[]): readonly unknown[] | null {
  const [pairs = new PickleList()] = args;
  return pairs instanceof PickleList ? pairs.items : null;
}

function dictOf(pairs: readonly unknown[]): PickleDict | null {
  const dict = new PickleDict();
  for (const pair of pairs) {
    if (!(pair instanceof PickleList) || pair.items.length !== 2) return null;
    dict.set(pair.items);
  }
  return dict;
}

function tensorOf([storage, offset, shape, strides]: readonly unknown[]): Tensor | null {
  const sizes = numbersIn(shape);
  const steps = numbersIn(strides);
  if (!(storage instanceof Storage) || typeof offset !== 'number' || !sizes || !steps) return null;
  const { type, key, length } = storage;
  return new Tensor({ type, shape: sizes, strides: steps, offset, storage: { key, length } });
}

const numbersIn = (value: unknown): number[] | null =>
  value instanceof PickleList &&
  value.items.length <= MAX_AXES &&
  value.items.every((item) => typeof item === 'number')
    ? value.items
    : null;

/** A container on the way through a file, and the one that it lies in. */
interface Place {
  readonly value: PickleDict | PickleList;
  readonly key: unknown;
  readonly outer: Place | null;
  readonly depth: number;
}

/** Keys from the outside in, joined by dots. */
function placeText(place: Place | null): string {
  const keys: string[] = [];
  for (let at = place; at?.outer; at = at.outer) keys.unshift(shown(at.key));
  return keys.join('.');
}

/**
 * Every dictionary with tensors. Each container and tensor is visited once, however often it is
 * referred to.
 *
 * @param check refuses a tensor that is not sound
 */
function statesIn(
  value: unknown,
  source: string,
  check: (tensor: Tensor, name: string) => void,
): TorchState[] {
  const states: TorchState[] = [];
  const seen = new Set<unknown>();
  const open: Place[] = [];
  const visit = (inner: unknown, key: unknown, outer: Place | null): void => {
    const isContainer = inner instanceof PickleDict || inner instanceof PickleList;
    if ((!isContainer && !(inner instanceof Tensor)) || seen.has(inner)) return;
    seen.add(inner);
    if (!isContainer) {
      check(
        inner,
        [placeText(outer), shown(key)]
          .filter((each) => each !== '')
          .join('.')
          .slice(-NAMED),
      );
      return;
    }
    const depth = outer === null ? 0 : outer.depth + 1;
    if (depth > MAX_DEPTH)
      throw new LabError('torch.damaged', {
        source,
        why: `its containers lie more than ${MAX_DEPTH} deep in each other`,
      });
    open.push({ value: inner, key, outer, depth });
  };
  visit(value, '', null);
  // The list grows while it is read.
  for (const place of open) {
    const entries =
      place.value instanceof PickleDict ? place.value.entries : place.value.items.entries();
    for (const [key, inner] of entries) visit(inner, key, place);
    const tensors = place.value instanceof PickleDict ? tensorsIn(place.value) : null;
    if (tensors && tensors.size > 0) states.push({ place: placeText(place), tensors });
  }
  return states;
}

const shown = (key: unknown): string =>
  typeof key === 'string' || typeof key === 'number' ? String(key).slice(0, NAMED) : '?';

function tensorsIn({ entries }: PickleDict): Map<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>();
  for (const [name, value] of entries)
    if (typeof name === 'string' && value instanceof Tensor) tensors.set(name, value.tensor);
  return tensors;
}
