import { LabError } from '../../base/errors.ts';
import type { Architecture } from '../../models/layers.ts';
import { statistics, tensors, type TensorRole, type TensorSpec } from '../../models/tensors.ts';
import type { TorchState } from './file.ts';
import { torchName } from './names.ts';
import type { TorchTensor } from './tensor.ts';

/** A tensor of a network and the tensor of a file that it is read from. */
export interface Placement {
  readonly spec: TensorSpec;
  /** In the file, with its prefix. */
  readonly name: string;
  readonly tensor: TorchTensor;
  readonly axes: readonly number[];
}

/** Where the parameters and running statistics of a network lie in a file, in canonical order. */
export interface Fit {
  readonly parameters: readonly Placement[];
  readonly statistics: readonly Placement[];
}

/** For each axis of our layout, the axis of PyTorch's: kernels are OIHW there, dense [out, in]. */
export const torchAxes: Readonly<Record<TensorRole, readonly number[]>> = {
  convolution: [2, 3, 1, 0],
  depthwise: [2, 3, 0, 1],
  kernel: [1, 0],
  gamma: [0],
  beta: [0],
  bias: [0],
};

/** PyTorch's shape of a tensor: [out, in, height, width] of a convolution. */
export function torchShape({ shape, role }: Pick<TensorSpec, 'shape' | 'role'>): number[] {
  const axes = torchAxes[role];
  const own: number[] = [];
  for (const [place, axis] of axes.entries()) own[axis] = shape[place]!;
  return own;
}

/** What of a file does not fit a network. */
interface Misfits {
  readonly missing: string[];
  readonly extra: string[];
  readonly wrong: string[];
}

/** Prefix of every name that DataParallel saves. */
const PREFIX = 'module.';
/** Counters of batch norms, which nothing here uses. */
const COUNTER = 'num_batches_tracked';
/** Names of one group in a message, and characters of each. */
const NAMED = 100;
const NAME_LENGTH = 200;

/**
 * Finds the network in a file.
 *
 * @param part place of its tensors in the file, where several fit; default: the only one
 * @throws LabError `torch.misfit` tensor by tensor, `torch.no-network`, `torch.several-networks`,
 * `torch.unknown-part`
 */
export function fitNetwork(
  states: readonly TorchState[],
  model: Architecture,
  classes: number,
  { source, part }: { source: string; part?: string | undefined },
): Fit {
  const chosen = part === undefined ? states : states.filter(({ place }) => place === part);
  if (states.length === 0) throw new LabError('torch.no-network', { source });
  if (chosen.length === 0)
    throw new LabError('torch.unknown-part', {
      source,
      part: part!.slice(0, 200),
      places: states.slice(0, NAMED).map(({ place }) => place || 'the file itself'),
    });
  const compared = closestOf(chosen, model, classes).map((state) => compare(state, model, classes));
  const fitting = compared.filter(({ misfits }) => !isMisfit(misfits));
  if (fitting.length > 1)
    throw new LabError('torch.several-networks', {
      source,
      places: fitting.slice(0, NAMED).map(({ place }) => place || 'the file itself'),
    });
  if (fitting[0]) return fitting[0].fit;
  throw new LabError('torch.misfit', {
    source,
    model: model.title,
    classes,
    found: sentences(compared[0]!.misfits),
  });
}

/**
 * The dictionaries with every name of the network; where none has, the first one with most. An
 * optimiser has a dictionary for each parameter, and a file of a stranger may have a million.
 */
function closestOf(
  states: readonly TorchState[],
  model: Architecture,
  classes: number,
): readonly TorchState[] {
  const names = new Set(
    [...tensors(model, classes), ...statistics(model)].map(({ name }) => torchName(model, name)),
  );
  const counts = states.map(({ tensors: given }) =>
    [...given.keys()].reduce((sum, name) => sum + (names.has(plain(name, given)) ? 1 : 0), 0),
  );
  const most = counts.reduce((best, count) => Math.max(best, count), 0);
  const closest = states.filter((_, place) => counts[place] === most);
  return most === names.size ? closest : closest.slice(0, 1);
}

const isMisfit = ({ missing, extra, wrong }: Misfits): boolean =>
  missing.length + extra.length + wrong.length > 0;

function compare(
  { place, tensors: given }: TorchState,
  model: Architecture,
  classes: number,
): { place: string; fit: Fit; misfits: Misfits } {
  const left = new Map(
    [...given]
      .filter(([name]) => name.split('.').at(-1) !== COUNTER)
      .map(([name, tensor]) => [plain(name, given), { name, tensor }] as const),
  );
  const misfits: Misfits = { missing: [], extra: [], wrong: [] };
  const placed = (spec: TensorSpec): Placement[] => {
    const name = torchName(model, spec.name);
    const shape = torchShape(spec);
    const found = left.get(name);
    left.delete(name);
    if (!found) {
      misfits.missing.push(`${name} [${shape.join(', ')}]`);
      return [];
    }
    const { tensor } = found;
    if (tensor.type === 'int64') misfits.wrong.push(`${found.name} holds whole numbers`);
    else if (tensor.shape.join() !== shape.join())
      misfits.wrong.push(
        `${found.name} is [${tensor.shape.join(', ')}], expected [${shape.join(', ')}]`,
      );
    return [{ spec, ...found, axes: torchAxes[spec.role] }];
  };
  const fit = {
    parameters: tensors(model, classes).flatMap(placed),
    statistics: statistics(model).flatMap(placed),
  };
  for (const { name, tensor } of left.values())
    misfits.extra.push(`${name} [${tensor.shape.join(', ')}]`);
  return { place, fit, misfits };
}

/** A name without DataParallel's prefix, unless the file has the plain name too. */
function plain(name: string, given: ReadonlyMap<string, TorchTensor>): string {
  const short = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
  return given.has(short) ? name : short;
}

function sentences({ missing, extra, wrong }: Misfits): string[] {
  const groups = [
    ['Another form', wrong],
    ['Missing in the file', missing],
    ['Not in the network', extra],
  ] as const;
  return groups.flatMap(([title, names]) => {
    if (names.length === 0) return [];
    const rest = names.length - NAMED;
    const shown = names
      .slice(0, NAMED)
      .map((name) => name.slice(0, NAME_LENGTH))
      .join('; ');
    return [`${title}: ${shown}${rest > 0 ? `; and ${rest} more` : ''}.`];
  });
}
