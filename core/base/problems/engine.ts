import type { Step } from '../actions.ts';
import type { ProblemTable } from './_base.ts';

/** After something that has to be mended before an install. */
const BY_HAND: readonly Step[] = [
  { do: 'install-engine' },
  { do: 'install-wheel' },
  'Until then the portable engine works, more slowly.',
];

const COMPILER =
  'Install a C++ compiler (Debian, Ubuntu: sudo apt install g++; Fedora: sudo dnf ' +
  'install gcc-c++; macOS: xcode-select, with its option to install).';

/** Until own kernels work. */
const WITHOUT_KERNELS = "Until then TensorFlow's kernels compute, more slowly.";

export const engineProblems = {
  'engine.build-failed': {
    message: ({ compiler, stderr }: { compiler: string; stderr: string }) =>
      `${compiler} could not build the connection to TensorFlow:\n${stderr}`,
    next: () => [
      'A compiler with C++17 is needed (GCC 9, Clang 9 or newer).',
      'Until then the portable engine works, more slowly.',
    ],
  },
  'engine.build-failed/kernels': {
    message: ({ compiler, stderr }: { compiler: string; stderr: string }) =>
      `${compiler} could not compile the kernels of this lab:\n${stderr}`,
    next: () => [
      'Install a compiler that knows AMX (GCC 11, Clang 12 or newer) and put it first on PATH.',
      WITHOUT_KERNELS,
    ],
  },
  'engine.cache-not-private': {
    message: ({ path }: { path: string }) =>
      `Other users can change ${path}, so no compiled kernels are loaded from there.`,
    next: ({ path }: { path: string }) => [
      `Take the right to write from others (chmod go-w '${path}'), or point KTG_HOME to a folder of your own.`,
      WITHOUT_KERNELS,
    ],
  },
  'engine.cache-not-writable/kernels': {
    message: ({ home, reason }: { home: string; reason: string }) =>
      `The kernels of this lab cannot be written into ${home}: ${reason}.`,
    next: () => [
      'Make it writable, or point KTG_HOME to a folder on another disk.',
      WITHOUT_KERNELS,
    ],
  },
  'engine.cache-not-writable/library': {
    message: ({ home, reason }: { home: string; reason: string }) =>
      `The cache ${home} cannot be written: ${reason}.`,
    next: () => [
      'Make it writable, or point KTG_HOME to a folder on another disk.',
      { do: 'install-engine' },
    ],
  },
  'engine.cache-not-writable/programs': {
    message: ({ reason }: { reason: string }) =>
      `The folder of compiled programs cannot be made: ${reason}.`,
    next: () => ['Point KTG_COMPILED to a folder that can be written.'],
  },
  'engine.does-not-load': {
    message: ({ reason }: { reason: string }) => `The TensorFlow library does not load: ${reason}`,
    next: () => [{ do: 'verify-engine' }, { do: 'use-portable' }],
  },
  'engine.does-not-load/kernels': {
    message: ({ reason }: { reason: string }) =>
      `The kernels of this lab were compiled but do not load: ${reason}`,
    next: ({ folder }: { folder: string }) => [
      `Delete ${folder}; the next run compiles them again.`,
      WITHOUT_KERNELS,
    ],
  },
  'engine.does-not-load/new': {
    message: ({ reason }: { reason: string }) =>
      `TensorFlow was installed but does not load on this machine: ${reason}`,
    next: () => [
      'Its library needs glibc 2.27 or newer (macOS: 12 or newer).',
      { do: 'use-portable' },
    ],
  },
  'engine.download-failed': {
    message: ({ what, lines }: { what: string; lines: string }) =>
      `pip could not download ${what}:\n${lines}`,
    next: () => ['Fix the problem that pip reports, then install again.', ...BY_HAND],
  },
  'engine.install-underway/install': {
    message: () => 'An install is already running.',
    next: () => ['Wait until it ends, or cancel it.'],
  },
  'engine.install-underway/remove': {
    message: () => 'An install is running.',
    next: () => ['Cancel it first.'],
  },
  'engine.interrupted': {
    message: () => 'The install was interrupted.',
    next: () => ['Start the install again to continue.', { do: 'install-engine' }],
  },
  'engine.no-card': {
    message: ({ reason }: { reason: string }) =>
      `TensorFlow opened, but it found no card that it can use.${reason}`,
    next: ({ steps }: { steps: readonly Step[] }) => steps,
  },
  'engine.no-compiler': {
    message: () =>
      'The connection to TensorFlow is compiled here, and there is no c++, g++ or clang++ on PATH.',
    next: () => [
      COMPILER,
      { do: 'install-engine' },
      'Until then the portable engine works, more slowly.',
    ],
  },
  'engine.no-compiler/kernels': {
    message: () =>
      'The kernels of this lab are compiled here, and there is no c++, g++ or clang++ on PATH.',
    next: () => [COMPILER, WITHOUT_KERNELS],
  },
  'engine.no-gpu-library': {
    message: ({ platform }: { platform: string }) =>
      `TensorFlow has a GPU library for Linux on x64 only; this is ${platform}.`,
    next: () => ['Use the library for processors.', { do: 'install-engine' }],
  },
  'engine.no-network': {
    message: ({ what, unreachable }: { what: string; unreachable: string }) =>
      `pip could not reach its package index to download ${what}:\n${unreachable}`,
    next: () => ['Check the network or set pip to a mirror.', ...BY_HAND],
  },
  'engine.no-pip': {
    message: ({ python }: { python: string }) =>
      `TensorFlow is downloaded with pip, and ${python} has no pip.`,
    next: () => ['Install pip (Debian, Ubuntu: sudo apt install python3-pip).', ...BY_HAND],
  },
  'engine.no-python': {
    message: () =>
      'TensorFlow is downloaded with Python and its pip, and there is no python3 or python on PATH.',
    next: () => ['Install Python 3 with pip (any version).', ...BY_HAND],
  },
  'engine.no-space/download': {
    message: ({ what }: { what: string }) => `The disk became full while downloading ${what}.`,
    next: () => [
      'Free some space, or point KTG_HOME to a folder on another disk.',
      { do: 'install-engine' },
    ],
  },
  'engine.no-space/full': {
    message: ({ home }: { home: string }) => `The disk of ${home} is full.`,
    next: () => [
      'Free some space, or point KTG_HOME to a folder on another disk.',
      { do: 'install-engine' },
    ],
  },
  'engine.no-space/needed': {
    message: ({ needed, home, free }: { needed: string; home: string; free: string }) =>
      `TensorFlow needs ${needed} in ${home}, and ${free} are free.`,
    next: () => [
      'Free some space, or point KTG_HOME to a folder on another disk.',
      { do: 'install-engine' },
      'Until then the portable engine works, more slowly.',
    ],
  },
  'engine.no-temporary-folder': {
    message: ({ reasons }: { reasons: string }) =>
      `The compiled step cannot be written to ${reasons}.`,
    next: () => [
      'Free some space there, or set TMPDIR to another folder and start the lab again; then resume.',
    ],
  },
  'engine.no-wheel/file': {
    message: ({ wheel }: { wheel: string }) => `There is no file ${wheel}.`,
    next: () => ['Give the path of a wheel file.', { do: 'download-wheel' }],
  },
  'engine.no-wheel/index': {
    message: ({ what, tag }: { what: string; tag: string }) =>
      `The package index that pip is set to has no ${what} for ${tag}.`,
    next: () => ['Set pip to an index that has it.', ...BY_HAND],
  },
  'engine.precision/bfloat16': {
    message: () => 'On a card bfloat16 needs the compiled step.',
    next: () => [{ do: 'use-compiler' }],
  },
  'engine.precision/bfloat16-eager': {
    message: () => 'The eager engine computes in float32.',
    next: () => [{ do: 'choose-float32' }],
  },
  'engine.precision/bfloat16-processor': {
    message: () =>
      'This processor has no instructions for bfloat16 (AVX-512 BF16 or AMX), so it would be slower than float32.',
    next: () => [{ do: 'choose-float32' }],
  },
  'engine.precision/portable': {
    message: ({ reason }: { reason: string }) =>
      `The portable engine computes in float32, without a compiler. ${reason}`.trim(),
    next: () => [{ do: 'install-engine' }, { do: 'default-precision' }],
  },
  'engine.precision/tf32': {
    message: () => 'TF32 is a format of NVIDIA cards; this engine computes on the processor.',
    next: () => [{ do: 'choose-float32' }],
  },
  'engine.too-large': {
    message: ({ wheelBytes, title }: { wheelBytes: number; title: string }) =>
      `The package index sends more than the ${wheelBytes} bytes of ${title}.`,
    next: () => ['Set pip to another index.', ...BY_HAND],
  },
  'engine.unsupported-platform': {
    message: ({
      tensorflowVersion,
      platform,
      platforms,
    }: {
      tensorflowVersion: string;
      platform: string;
      platforms: string;
    }) =>
      `TensorFlow ${tensorflowVersion} has no library for ${platform}; there is one for ${platforms}.`,
    next: () => ['Nothing can be installed here.', { do: 'use-portable' }],
  },
  'engine.wheel-damaged/file': {
    message: ({ wheel, found }: { wheel: string; found: string }) =>
      `The wheel ${wheel} is damaged: ${found}.`,
    next: () => ['Fetch it again.', { do: 'download-wheel' }],
  },
  'engine.wheel-damaged/gpu': {
    message: ({ wheel, found }: { wheel: string; found: string }) =>
      `The wheel ${wheel} is damaged: ${found}.`,
    next: () => ['It is downloaded again.', { do: 'install-engine', variant: 'gpu' }],
  },
  'engine.wheel-damaged/index': {
    message: ({ what }: { what: string }) =>
      `The package index sent another file than the published ${what}: its SHA-256 differs.`,
    next: () => ['Set pip to another index.', ...BY_HAND],
  },
  'engine.wheel-wrong': {
    message: ({ wheel, found }: { wheel: string; found: string }) =>
      `The wheel ${wheel} is the wrong one: ${found}.`,
    next: ({ name, version, tag }: { name: string; version: string; tag: string }) => [
      `Use ${name} ${version} for ${tag}.`,
      { do: 'download-wheel' },
    ],
  },
  'engine.stage-sizes': {
    message: ({ one, other }: { one: string; other: string }) =>
      `An attention edge cannot compare stage outputs of ${one} and ${other} cells: one is not a whole multiple of the other.`,
    next: () => ['Give the edge the kind kl, or choose another network.'],
  },
  'engine.wrong-images': {
    message: ({ bytes, expected }: { bytes: number; expected: string }) =>
      `The images are ${bytes} bytes; the step needs ${expected} bytes.`,
    next: () => ['Use networks that are built for the size of these images.'],
  },
  'engine.wrong-state': {
    message: ({
      part,
      found,
      model,
      classes,
      expected,
    }: {
      part: string;
      found: number;
      model: string;
      classes: number;
      expected: number;
    }) => `The ${part} are ${found} numbers; ${model} with ${classes} classes has ${expected}.`,
    next: () => ['Use a checkpoint of the same architecture and data set.'],
  },
} satisfies ProblemTable;
