import type { ProblemTable } from './_base.ts';

const saveAgain =
  'Save the weights alone with PyTorch: torch.save(model.state_dict(), "weights.pth"), or with ' +
  'safetensors.torch.save_file.';

export const torchProblems = {
  'teacher.no-better-than-chance': {
    message: ({
      source,
      accuracy,
      images,
      evaluationName,
      classes,
    }: {
      source: string;
      accuracy: number;
      images: number;
      evaluationName: string;
      classes: number;
    }) =>
      `${source} is right on ${(100 * accuracy).toFixed(2)} % of ${images} ${evaluationName} images, no more than guessing among ${classes} classes.`,
    next: () => [
      'Compare the order of its classes, its input (pixels from 0 to 1 as RGB, no mean subtracted) and its data set with those of the lab.',
      'You can also accept it as it is.',
    ],
  },
  'teacher.process-ended': {
    message: ({ why }: { why: string }) =>
      `The weights could not be read: the process that reads them failed, because ${why}.`,
    next: () => [{ do: 'open-log' }],
  },
  'torch.damaged': {
    message: ({ source, why }: { source: string; why: string }) =>
      `${source} is damaged or no checkpoint of PyTorch: ${why}.`,
    next: () => ['Use an intact copy of the file.'],
  },
  'torch.foreign-object': {
    message: ({ source, name }: { source: string; name: string }) =>
      `${source} is refused: it holds ${name}, which is no tensor or plain container. Nothing in it was run.`,
    next: () => [saveAgain],
  },
  'torch.misfit': {
    message: ({
      source,
      model,
      classes,
      found,
    }: {
      source: string;
      model: string;
      classes: number;
      found: readonly string[];
    }) => `${source} does not fit ${model} for ${classes} classes. ${found.join(' ')}`,
    next: () => ['Choose the network and the data set that the weights were trained for.'],
  },
  'torch.no-network': {
    message: ({ source }: { source: string }) =>
      `${source} holds no tensors with the names of a network.`,
    next: () => [saveAgain],
  },
  'torch.ours': {
    message: ({ source }: { source: string }) =>
      `${source} was saved by this program, not by PyTorch.`,
    next: () => ['Import it as weights of this lab.'],
  },
  'torch.several-networks': {
    message: ({ source, places }: { source: string; places: readonly string[] }) =>
      `${source} holds several networks that fit: ${places.join(', ')}.`,
    next: () => ['Name one of them as the part of the file.'],
  },
  'torch.tensor': {
    message: ({ source, name, why }: { source: string; name: string; why: string }) =>
      `${source} is refused: the tensor ${name} ${why}.`,
    next: () => ['Use an intact copy of the file.', saveAgain],
  },
  'torch.unknown-format': {
    message: ({ source, found }: { source: string; found: string }) =>
      `${source} is refused: it is ${found}.`,
    next: () => [
      'Load it with PyTorch and save it again: torch.save(torch.load(FILE, weights_only=True), "weights.pth").',
      saveAgain,
    ],
  },
  'torch.unknown-part': {
    message: ({
      source,
      part,
      places,
    }: {
      source: string;
      part: string;
      places: readonly string[];
    }) => `${source} has no tensors under "${part}". It has them under: ${places.join(', ')}.`,
    next: () => ['Name one of these.'],
  },
} satisfies ProblemTable;
