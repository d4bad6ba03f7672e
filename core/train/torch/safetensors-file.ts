import { type FileHandle, open } from 'node:fs/promises';
import { LabError } from '../../base/errors.ts';
import { sizeOf } from '../../models/tensors.ts';
import {
  areSizes,
  type Header,
  HeaderReader,
  NotSafetensors,
  PREFIX,
  tensorsOf,
} from '../safetensors.ts';
import type { TorchFile } from './file.ts';
import {
  bytesPerElement,
  denseStrides,
  MAX_AXES,
  type TorchTensor,
  type TorchType,
} from './tensor.ts';

const types: Readonly<Record<string, TorchType>> = {
  F32: 'float32',
  F64: 'float64',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
};

/** Bytes of a header that are read at once. */
const CHUNK = 1 << 16;

/** A tensor's bytes in the data behind the header. */
interface Range {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Opens a safetensors file in PyTorch's layout. As the format asks, the tensors cover its data
 * without gap or overlap. Each tensor is a storage of its own, by its name.
 *
 * @param source names the file in errors
 * @throws LabError `torch.damaged`, `torch.ours`, `torch.tensor`
 */
export async function openSafetensorsFile(path: string, source: string): Promise<TorchFile> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const header = await headerOf(file, source);
    if (Object.hasOwn(header.json.__metadata__ ?? {}, 'ktg'))
      throw new LabError('torch.ours', { source });
    const { tensors, ranges } = tensorsIn(header, source);
    const data = PREFIX + header.length;
    requireCovered(ranges, size - data, source);
    const places = new Map(ranges.map((range) => [range.name, range]));
    return {
      states: [{ place: '', tensors }],
      async storage(key) {
        const { start, end } = places.get(key)!;
        const bytes = Buffer.alloc(end - start);
        await file.read(bytes, 0, bytes.length, data + start);
        return bytes;
      },
      close: async () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function headerOf(file: FileHandle, source: string): Promise<Header> {
  const reader = new HeaderReader();
  try {
    for (let at = 0; ;) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK), 0, CHUNK, at);
      if (bytesRead === 0) break;
      at += bytesRead;
      const found = reader.add(buffer.subarray(0, bytesRead));
      if (found) return found.header;
    }
  } catch (error) {
    if (error instanceof NotSafetensors) throw damaged(source, error.message);
    throw error;
  }
  throw damaged(source, 'its header is longer than the file');
}

function tensorsIn(
  header: Header,
  source: string,
): { tensors: Map<string, TorchTensor>; ranges: Range[] } {
  const tensors = new Map<string, TorchTensor>();
  const ranges: Range[] = [];
  for (const [name, entry] of tensorsOf(header.json)) {
    const { dtype, shape, data_offsets: offsets } = entry as Partial<typeof entry>;
    const fault = (why: string): LabError =>
      new LabError('torch.tensor', { source, name: name.slice(0, 200), why });
    const type = Object.hasOwn(types, String(dtype)) ? types[String(dtype)] : undefined;
    if (!type) throw fault(`has the number format ${String(dtype).slice(0, 60)}`);
    if (!areSizes(shape) || !areSizes(offsets) || offsets.length !== 2)
      throw fault('has no shape or offsets');
    if (shape.length > MAX_AXES) throw fault(`has ${shape.length} axes`);
    const [start, end] = offsets as [number, number];
    const length = sizeOf(shape);
    if (end - start !== length * bytesPerElement[type])
      throw fault(`of shape [${shape.join(', ')}] does not fit its ${end - start} bytes`);
    const storage = { key: name, length };
    tensors.set(name, { type, shape, strides: denseStrides(shape), offset: 0, storage });
    ranges.push({ name, start, end });
  }
  return { tensors, ranges };
}

function requireCovered(ranges: readonly Range[], bytes: number, source: string): void {
  let reached = 0;
  for (const { name, start, end } of ranges.toSorted(
    (a, b) => a.start - b.start || a.end - b.end,
  )) {
    if (start !== reached)
      throw damaged(source, `the tensor ${name.slice(0, 200)} overlaps another, or leaves a gap`);
    reached = end;
  }
  if (reached !== bytes)
    throw damaged(source, `its tensors need ${reached} bytes, and it has ${bytes}`);
}

const damaged = (source: string, why: string): LabError =>
  new LabError('torch.damaged', { source, why });
