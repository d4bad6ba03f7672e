import type { Step } from '../actions.ts';
import type { ProblemTable } from './_base.ts';

export const commandsProblems = {
  'arguments.data-set-as-folder': {
    message: ({ folder }: { folder: string }) =>
      `"${folder.slice(0, 200)}" is one data set, not the folder in which data sets are.`,
    next: ({ folder }: { folder: string }) => [
      'Give it to a training.',
      { do: 'give-option', example: `--data ${folder.slice(0, 200)}` },
      'For a folder with that name, write ./ before it.',
    ],
  },
  'arguments.missing/ablation': {
    message: () => 'Which graph?',
    next: () => [
      'Give a trial such as 1#best, a template, a file or a text form.',
      { do: 'run-command', command: 'ktg help ablate' },
    ],
  },
  'arguments.missing/annotated': {
    message: () => 'Which study or trial?',
    next: ({ verb }: { verb: string }) => [
      'Give a study such as 1, or a trial such as 1#17 or 1#best.',
      { do: 'run-command', command: `ktg help ${verb}` },
    ],
  },
  'arguments.missing/engine': {
    message: () => 'ktg engine needs a verb.',
    next: ({ verbs }: { verbs: string }) => [`Verbs: ${verbs}.`],
  },
  'arguments.missing/graph': {
    message: () => 'ktg graph needs a verb and one graph.',
    next: ({ verbs }: { verbs: string }) => [
      `Verbs: ${verbs}.`,
      { do: 'run-command', command: 'ktg help graph' },
    ],
  },
  'arguments.missing/host': {
    message: () => 'Name the server.',
    next: () => [{ do: 'give-option', example: 'ktg machines add ssh user@server' }],
  },
  'arguments.missing/machines': {
    message: () => 'ktg machines needs a verb.',
    next: ({ verbs }: { verbs: string }) => [
      `Verbs: ${verbs}.`,
      { do: 'run-command', command: 'ktg help machines' },
    ],
  },
  'arguments.missing/way': {
    message: () => 'Say how the lab reaches the machine.',
    next: ({ ways }: { ways: string }) => [
      `Ways: ${ways}.`,
      { do: 'run-command', command: 'ktg help machines' },
    ],
  },
  'arguments.missing/model': {
    message: () => 'Name one model.',
    next: () => [{ do: 'give-option', example: 'ktg pretrain resnet32' }],
  },
  'arguments.missing/network': {
    message: () => 'Name the network that the weights belong to.',
    next: () => [{ do: 'give-option', example: '--network resnet32' }],
  },
  'arguments.missing/teacher': {
    message: () => 'ktg teacher needs a verb and one file.',
    next: () => [
      { do: 'give-option', example: 'ktg teacher import weights.pth --network resnet32' },
    ],
  },
  'arguments.missing/training': {
    message: () => 'Which graph?',
    next: () => [
      'Give a template, a file or a text form.',
      { do: 'run-command', command: 'ktg help train' },
    ],
  },
  'arguments.name': {
    message: ({ name, longest }: { name: string; longest: number }) =>
      `--name is "${name}"; one line of 1 to ${longest} characters is needed.`,
    next: () => [{ do: 'give-option', example: '--name "Three networks"' }],
  },
  'arguments.no-best': {
    message: ({ study }: { study: string }) => `Study "${study}" has no result yet.`,
    next: () => ['Let it run first.'],
  },
  'arguments.no-best/ended': {
    message: ({ study }: { study: string }) =>
      `Study "${study}" has ended, and none of its trials has a result.`,
    next: () => ['Choose a trial by its number.'],
  },
  'arguments.no-file/backup': {
    message: () => 'No file for the copy was named.',
    next: () => [{ do: 'give-option', example: 'ktg db backup copy.sqlite' }],
  },
  'arguments.no-file/import': {
    message: () => 'No file was named.',
    next: () => [{ do: 'run-command', command: 'ktg help import' }],
  },
  'arguments.no-file/lab': {
    message: () => '--lab names no file.',
    next: () => [{ do: 'give-option', example: '--lab lab.sqlite' }],
  },
  'arguments.no-file/pairing': {
    message: () => 'No pairing file was named.',
    next: () => [{ do: 'give-option', example: 'ktg agent --pairing FILE' }],
  },
  'arguments.no-file/verify': {
    message: () => 'No bundle was named.',
    next: () => [{ do: 'run-command', command: 'ktg help verify' }],
  },
  'arguments.no-study': {
    message: () => 'The lab has no study yet.',
    next: () => ['Begin one.', { do: 'run-command', command: 'ktg search' }],
  },
  'arguments.nodes-without-template': {
    message: ({ argument }: { argument: string }) =>
      `--nodes needs a template; "${argument}" is not one.`,
    next: ({ templates }: { templates: string }) => [`Templates: ${templates}.`],
  },
  'arguments.not-a-number': {
    message: ({ name, text }: { name: string; text: string }) =>
      `--${name} is "${text}"; a whole number is needed.`,
    next: ({ name, fallback }: { name: string; fallback: number }) => [
      { do: 'give-option', example: `--${name} ${fallback}` },
    ],
  },
  'arguments.one-network': {
    message: () => 'Name one network: a trial of a study, --pretrained, or --checkpoint.',
    next: () => [{ do: 'give-option', example: 'ktg export --as onnx --trial best --node 1' }],
  },
  'arguments.only-with-as': {
    message: ({ option }: { option: string }) =>
      `--${option} is only for the export of a network (--as pytorch or onnx).`,
    next: () => [{ do: 'run-command', command: 'ktg help export' }],
  },
  'arguments.out-of-range': {
    message: ({
      name,
      text,
      least,
      most,
    }: {
      name: string;
      text: string;
      least: number;
      most: number;
    }) => `--${name} is ${text}; it must lie between ${least} and ${most}.`,
    next: ({ name, fallback }: { name: string; fallback: number }) => [
      { do: 'give-option', example: `--${name} ${fallback}` },
    ],
  },
  'arguments.resume': {
    message: () => '--resume needs the folder of the run.',
    next: () => ['Name the folder.', { do: 'give-option', example: '--out DIR' }],
  },
  'arguments.rungs': {
    message: ({ option, text }: { option: string; text: string | undefined }) =>
      `--${option} is "${text}"; ascending epochs are needed.`,
    next: ({ option }: { option: string }) => [
      { do: 'give-option', example: `--${option} 1,4,16` },
    ],
  },
  'arguments.slots/none': {
    message: ({ wanted }: { wanted: string }) =>
      `"${wanted}" gives no device a slot, so nothing can train.`,
    next: ({ missing }: { missing: string }) => [
      { do: 'give-option', example: `--slots ${missing}` },
    ],
  },
  'arguments.slots/text': {
    message: ({ wanted }: { wanted: string }) =>
      `"${wanted}" is not a number of slots; expected a number of at least 1, numbers for devices, or auto.`,
    next: () => [{ do: 'give-option', example: '--slots 2, or --slots cpu=1,gpu:0=2' }],
  },
  'arguments.teacher': {
    message: ({ teacher, node }: { teacher: string; node: number }) =>
      `--teacher ${teacher}: node ${node} is not a frozen node of this graph.`,
    next: () => ['Frozen nodes have only Cutoff edges into them.', { do: 'see-graph' }],
  },
  'arguments.too-many': {
    message: ({ extra }: { extra: string }) => `Unexpected argument "${extra}".`,
    next: ({ command }: { command: string }) => [
      { do: 'run-command', command: `ktg help ${command}` },
    ],
  },
  'arguments.tag-space': {
    message: ({ tag }: { tag: string }) => `"${tag}" has a space, but a tag is one word.`,
    next: ({ word }: { word: string }) => [
      `Write ${word} for one tag, or leave out the quotes for several.`,
    ],
  },
  'arguments.two-ablations': {
    message: () => 'Both --edges and --gates were given.',
    next: () => ['Leave one of them out.'],
  },
  'arguments.two-graphs': {
    message: () => 'Both --trial and --graph name a graph.',
    next: () => ['Leave one of them out.'],
  },
  'arguments.unknown': {
    message: ({ reason }: { reason: string }) => reason,
    next: ({ command }: { command: string }) => [
      { do: 'run-command', command: `ktg help ${command}` },
    ],
  },
  'arguments.unknown-choice': {
    message: ({ name, text }: { name: string; text: string }) => `--${name} is "${text}".`,
    next: ({ choices }: { choices: string }) => [`Choose one of ${choices}.`],
  },
  'arguments.unknown-choice/engine': {
    message: ({ which }: { which: string }) => `There is no engine "${which}".`,
    next: ({ variants }: { variants: string }) => [`Choose one of ${variants}.`],
  },
  'arguments.unknown-choice/measure': {
    message: () => 'Only cards are measured; the processor has one slot per core.',
    next: () => [{ do: 'run-command', command: 'ktg engine measure' }],
  },
  'arguments.unknown-choice/no-verb': {
    message: () => 'ktg db needs a verb.',
    next: () => ['Choose one of check, backup, vacuum.'],
  },
  'arguments.unknown-choice/verb': {
    message: ({ verb }: { verb: string }) => `ktg db has no verb "${verb}".`,
    next: () => ['Choose one of check, backup, vacuum.'],
  },
  'arguments.unknown-device': {
    message: ({ device, devices }: { device: string; devices: string }) =>
      `This lab has no device ${device}; its devices are ${devices}.`,
    next: () => [{ do: 'run-command', command: 'ktg slots' }],
  },
  'arguments.unknown-graph': {
    message: ({ argument }: { argument: string }) =>
      `"${argument}" is neither a file, nor a template, nor a graph's text form.`,
    next: ({ templates }: { templates: string }) => [
      `Templates: ${templates}. Text form: resnet32=TT,resnet110=TT.`,
    ],
  },
  'arguments.unknown-study': {
    message: ({ wanted }: { wanted: string }) => `There is no study "${wanted}".`,
    next: ({ list }: { list: string }) => [`Name one by its number: ${list}.`],
  },
  'arguments.unknown-study/several': {
    message: ({ wanted, count }: { wanted: string; count: number }) =>
      `${count} studies are called "${wanted}".`,
    next: ({ list }: { list: string }) => [`Name one by its number: ${list}.`],
  },
  'arguments.unknown-trial': {
    message: ({ study, wanted, trials }: { study: string; wanted: string; trials: number }) =>
      `Study "${study}" has no trial "${wanted}"; it has ${trials}, counted from 0.`,
    next: () => ['Give a number, or: best'],
  },
  'arguments.weights': {
    message: ({ text }: { text: string }) =>
      `--weights is "${text}"; choices with positive weights are needed.`,
    next: () => [{ do: 'give-option', example: '--weights resnet110=2,cutoff=0.5' }],
  },
  'devices.cannot-compute': {
    message: ({ card, reason }: { card: string; reason: string }) =>
      `${card} cannot be measured: ${reason}`,
    next: ({ steps }: { steps: readonly Step[] }) => [...steps, { do: 'run-doctor' }],
  },
  'devices.no-card': {
    message: () =>
      'There is no card to measure: nvidia-smi lists none, or CUDA_VISIBLE_DEVICES hides them all.',
    next: () => ['The processor needs no measurement.', { do: 'run-doctor' }],
  },
  'ktg.bug': {
    message: ({ message }: { message: string }) => message,
    next: () => ['KTG_DEBUG=1 shows where it comes from; please report it.'],
  },
} satisfies ProblemTable;
