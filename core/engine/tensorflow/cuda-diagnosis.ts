import { cudaLibraries, type CudaLibrary } from './cuda.ts';

/** What was found of cards, driver and libraries, before anything is concluded from it. */
export interface CudaProbe {
  /** `linux-x64` */
  readonly platform: string;
  /** Version of the driver; null where nvidia-smi is missing or does not answer. */
  readonly driver: string | null;
  readonly cards: readonly { readonly title: string; readonly capability: string | null }[];
  /** File names of CUDA's libraries wherever the loader or we look, such as `libcudnn.so.9`. */
  readonly libraries: readonly string[];
  /** Whether TensorFlow's own GPU library is installed. */
  readonly engine: 'ready' | 'missing' | 'damaged' | 'other-version' | 'unsupported';
}

/** One thing that is wrong: what was found and expected, and what to do. */
export interface CudaProblem {
  /** `cuda.driver-too-old` */
  readonly code: string;
  readonly found: string;
  readonly next: string;
}

/** The oldest driver that CUDA 12 runs on (NVIDIA's compatibility table, Linux). */
const OLDEST_DRIVER = '525.60.13';
/** The oldest for cards of the Blackwell generation (RTX 50, B200): CUDA 12.8's. */
const OLDEST_BLACKWELL_DRIVER = '570.26';
/** The oldest card that TensorFlow 2.21 has programs for, and the first that only CUDA 12.8 knows. */
const OLDEST_CAPABILITY = '6.0';
const BLACKWELL = '10.0';

const install = 'Run: ktg engine install gpu';

/** Everything that keeps TensorFlow from the cards, the first cause first; nothing when it can use them. Pure. */
export function diagnose(probe: CudaProbe): CudaProblem[] {
  if (probe.platform !== 'linux-x64')
    return [
      {
        code: 'cuda.platform',
        found: `TensorFlow's GPU library is made for Linux on x64; this is ${probe.platform}.`,
        next: 'Compute on the processor here, or use a Linux machine with an NVIDIA card (on Windows: WSL 2).',
      },
    ];
  if (probe.driver === null)
    return [
      {
        code: 'cuda.no-driver',
        found: 'No NVIDIA driver answers: nvidia-smi is missing or fails.',
        next: `Install NVIDIA's driver, ${OLDEST_DRIVER} or newer (in a container: start it with --gpus all). Until then the processor computes.`,
      },
    ];
  if (probe.cards.length === 0)
    return [
      {
        code: 'cuda.no-card',
        found: `Driver ${probe.driver} is there, but it sees no card.`,
        next: 'Check the card and what this container or job may see (CUDA_VISIBLE_DEVICES).',
      },
    ];
  return [
    ...driverProblems(probe.driver, probe.cards),
    ...probe.cards.flatMap(cardProblem),
    ...(probe.engine === 'ready' ? [] : [engineProblem(probe.engine)]),
    ...libraryProblems(probe),
  ];
}

function driverProblems(driver: string, cards: CudaProbe['cards']): CudaProblem[] {
  const blackwell = cards.find(({ capability }) => capability !== null && !older(capability, BLACKWELL));
  const oldest = blackwell ? OLDEST_BLACKWELL_DRIVER : OLDEST_DRIVER;
  if (!older(driver, oldest)) return [];
  return [
    {
      code: 'cuda.driver-too-old',
      found: blackwell
        ? `The driver is ${driver}; ${blackwell.title} needs ${oldest} or newer (CUDA 12.8).`
        : `The driver is ${driver}; CUDA 12 needs ${oldest} or newer.`,
      next: 'Update the NVIDIA driver, then restart the machine.',
    },
  ];
}

const cardProblem = ({ title, capability }: CudaProbe['cards'][number]): CudaProblem[] =>
  capability !== null && older(capability, OLDEST_CAPABILITY)
    ? [
        {
          code: 'cuda.card-too-old',
          found: `${title} has compute capability ${capability}; TensorFlow 2.21 needs ${OLDEST_CAPABILITY} or newer.`,
          next: 'Compute on the processor, or on a newer card.',
        },
      ]
    : [];

const engineProblem = (state: CudaProbe['engine']): CudaProblem => ({
  code: `cuda.engine-${state}`,
  found: `TensorFlow's GPU library is ${state === 'damaged' ? 'damaged' : 'not installed'}.`,
  next: install,
});

function libraryProblems({ libraries, cards }: CudaProbe): CudaProblem[] {
  const missing = cudaLibraries.filter(({ soname }) => !has(libraries, soname));
  if (missing.length > 0) return missingProblems(missing, libraries);
  const blackwell = cards.find(({ capability }) => capability !== null && !older(capability, BLACKWELL));
  const runtime = exactVersion(libraries, 'libcudart.so.12');
  if (!blackwell || runtime === null || !older(runtime, '12.8')) return [];
  return [
    {
      code: 'cuda.build-too-old',
      found: `CUDA's libraries are version ${runtime}; ${blackwell.title} (compute capability ${blackwell.capability ?? 'unknown'}) needs 12.8 or newer.`,
      next: `${install} (it brings newer ones beside those of the system).`,
    },
  ];
}

/** Missing libraries in as few sentences as causes: CUDA 13 only, cuDNN of another version, simply not there. */
function missingProblems(missing: readonly CudaLibrary[], libraries: readonly string[]): CudaProblem[] {
  const otherOf = ({ soname }: CudaLibrary): string | undefined => {
    const stem = soname.replace(/\.\d+$/, '.');
    return libraries.find((name) => name.startsWith(stem) && /^\d/.test(name.slice(stem.length)));
  };
  const newer = missing.filter((library) => {
    const other = otherOf(library);
    return other !== undefined && numberOf(other) > numberOf(library.soname);
  });
  const rest = missing.filter((library) => !newer.includes(library));
  const problems: CudaProblem[] = [];
  const toolkit = newer.filter(({ soname }) => !soname.startsWith('libcudnn'));
  if (toolkit.length > 0)
    problems.push({
      code: 'cuda.other-version',
      found: `CUDA 13's libraries are here (${toolkit.map((library) => otherOf(library)!).join(', ')}); TensorFlow 2.21 asks for CUDA 12's: ${names(toolkit)}.`,
      next: `${install} (it brings CUDA 12's libraries for this program alone; CUDA 13 stays as it is).`,
    });
  for (const library of [...newer, ...rest].filter(({ soname }) => soname.startsWith('libcudnn'))) {
    const other = otherOf(library);
    problems.push({
      code: 'cuda.no-cudnn',
      found: other
        ? `${other} is here; TensorFlow 2.21 asks for ${library.title} (${library.soname}).`
        : `${library.title} (${library.soname}) is missing: without it there are no convolutions on a card.`,
      next: install,
    });
  }
  const absent = rest.filter(({ soname }) => !soname.startsWith('libcudnn'));
  if (absent.length > 0)
    problems.push({
      code: 'cuda.missing-libraries',
      found: `Missing: ${absent.map(({ soname, title }) => `${soname} (${title})`).join(', ')}.`,
      next: install,
    });
  return problems;
}

const names = (libraries: readonly CudaLibrary[]): string => libraries.map(({ soname }) => soname).join(', ');

const has = (libraries: readonly string[], soname: string): boolean =>
  libraries.some((name) => name === soname || name.startsWith(`${soname}.`));

/** `12.4.127` of `libcudart.so.12.4.127`; null where only the short name is there. */
const exactVersion = (libraries: readonly string[], soname: string): string | null => {
  const found = libraries.find((name) => name.startsWith(`${soname}.`));
  return found === undefined ? null : found.slice(found.indexOf('.so.') + '.so.'.length);
};

const numberOf = (name: string): number => Number(/\.so\.(\d+)/.exec(name)?.[1] ?? NaN);

/** Whether a version of numbers and dots is older than another. */
export function older(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  for (let i = 0; i < Math.max(a!.length, b!.length); i++) {
    const [left, right] = [a![i] ?? 0, b![i] ?? 0];
    if (left !== right) return left < right;
  }
  return false;
}
