import type { ProblemTable } from './_base.ts';

export const trainingProblems = {
  'checkpoint.foreign': {
    message: ({ source }: { source: string }) =>
      `${source} holds tensors but no description of a training run.`,
    next: () => [{ do: 'use-own-checkpoint' }],
  },
  'checkpoint.foreign/newer': {
    message: ({ source, version }: { source: string; version: number }) =>
      `${source} was written by a newer version of this program (checkpoint format ${version}, expected 1).`,
    next: () => [{ do: 'use-own-checkpoint' }],
  },
  'checkpoint.not-safetensors': {
    message: ({ source, why }: { source: string; why: string }) =>
      `${source} is not a usable safetensors file: ${why}.`,
    next: () => ['Use a checkpoint written by this program.'],
  },
  'checkpoint.other-run': {
    message: () => 'The checkpoint belongs to another run: its graph, plan, seed or data differ.',
    next: () => [
      'Give the options of the run that you continue, or start a new run in another folder.',
    ],
  },
  'checkpoint.truncated': {
    message: ({
      source,
      bytes,
      name,
      needed,
    }: {
      source: string;
      bytes: number;
      name: string;
      needed: number;
    }) => `${source} ends after ${bytes} bytes; tensor "${name}" needs ${needed}.`,
    next: () => ['Use an intact copy of the file.'],
  },
  'checkpoint.wrong-network': {
    message: ({
      source,
      found,
      foundClasses,
      model,
      classes,
    }: {
      source: string;
      found: string;
      foundClasses: number;
      model: string;
      classes: number;
    }) =>
      `${source} holds ${found} for ${foundClasses} classes; the frozen node needs ${model} for ${classes} classes.`,
    next: ({ model }: { model: string }) => [{ do: 'pretrain', model }],
  },
  'checkpoint.wrong-shape': {
    message: ({
      source,
      name,
      found,
      shape,
    }: {
      source: string;
      name: string;
      found: string;
      shape: string;
    }) => `${source}: tensor "${name}" ${found}, expected [${shape}].`,
    next: () => ['Use an intact checkpoint of the same architecture.'],
  },
  'run.damaged': {
    message: ({ file, why }: { file: string; why: string }) => `${file} is damaged: ${why}`,
    next: () => ['Start the run again in another folder.'],
  },
  'run.exists': {
    message: ({ path }: { path: string }) => `${path} already holds a run.`,
    next: ({ path }: { path: string }) => [
      { do: 'resume-training', folder: path },
      { do: 'choose-folder' },
    ],
  },
  'run.in-use': {
    message: ({ folder, pid }: { folder: string; pid: number }) =>
      `The folder ${folder} is in use by process ${pid}.`,
    next: () => ['Wait for it, or write to another folder.', { do: 'choose-folder' }],
  },
  'run.missing': {
    message: ({ folder, description }: { folder: string; description: string }) =>
      `${folder} holds no run: ${description} is missing.`,
    next: () => [{ do: 'start-training' }],
  },
  'run.no-folder': {
    message: ({ folder, reason }: { folder: string; reason: string }) =>
      `The folder ${folder} cannot be made: ${reason}`,
    next: () => [{ do: 'choose-folder' }],
  },
  'run.no-space': {
    message: ({ folder }: { folder: string }) =>
      `${folder} could not be saved: the disk is full. Earlier saves are complete.`,
    next: ({ folder }: { folder: string }) => [
      'Free some space, then continue.',
      { do: 'resume-training', folder },
    ],
  },
  'run.not-saved': {
    message: ({ folder, reason }: { folder: string; reason: string }) =>
      `The folder ${folder} cannot be written: ${reason}`,
    next: () => [{ do: 'choose-folder' }],
  },
  'run.not-saved/during': {
    message: ({ folder, reason }: { folder: string; reason: string }) =>
      `${folder} could not be saved: ${reason}. Earlier saves are complete.`,
    next: ({ folder }: { folder: string }) => [
      'Make the folder writable, then continue.',
      { do: 'resume-training', folder },
    ],
  },
  'run.other-graph': {
    message: ({ path }: { path: string }) => `${path} holds a run of another graph.`,
    next: () => ['Leave the graph out to continue that run.'],
  },
  'train.diverged': {
    message: ({
      node,
      loss,
      epoch,
      step,
      steps,
    }: {
      node: number | undefined;
      loss: number | undefined;
      epoch: number;
      step: number;
      steps: number;
    }) => `The loss of node ${node} became ${loss} in epoch ${epoch}, step ${step} of ${steps}.`,
    next: () => ['The run cannot continue. Lower the learning rate, or try another seed or graph.'],
  },
  'train.no-teacher': {
    message: ({ node, model }: { node: number; model: string }) =>
      `Node ${node} is frozen, but no pretrained ${model} was given for it.`,
    next: ({ model }: { model: string }) => [{ do: 'pretrain', model }],
  },
  'train.no-teacher/unreadable': {
    message: ({ node, path }: { node: number; path: string | undefined }) =>
      `The checkpoint of node ${node}, ${path}, cannot be read.`,
    next: ({ model }: { model: string }) => [
      `Give a checkpoint of a pretrained ${model}.`,
      { do: 'pretrain', model },
    ],
  },
} satisfies ProblemTable;
