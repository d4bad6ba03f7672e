import type { Step } from '../base/actions.ts';
import { cudaLibraries, type CudaLibrary } from '../install/cuda-libraries.ts';

/** Facts about cards, driver and libraries, without conclusions. */
export interface CudaProbe {
  /** `linux-x64` */
  readonly platform: string;
  /** Version of the driver; null when nvidia-smi is missing or does not answer. */
  readonly driver: string | null;
  /** The error text of nvidia-smi; '' when it is missing or printed nothing. */
  readonly answer: string;
  /** True when CUDA's part of the driver (libcuda.so.1) is installed. */
  readonly driverLibrary: boolean;
  /** The cards that a process may see. */
  readonly cards: readonly CudaCard[];
  /**
   * File names of all CUDA libraries that the loader or this program can find, such as
   * `libcudnn.so.9`.
   */
  readonly libraries: readonly string[];
  /** State of TensorFlow's GPU library. */
  readonly engine: 'ready' | 'missing' | 'damaged' | 'other-version' | 'unsupported';
}

export interface CudaCard {
  readonly uuid: string;
  readonly title: string;
  /** Compute capability, `9.0`; null when the driver does not report it. */
  readonly capability: string | null;
}

/** One problem: found, expected, and the next step. */
export interface CudaProblem {
  /** `cuda.driver-too-old` */
  readonly code: string;
  readonly found: string;
  readonly steps: readonly Step[];
  /** UUID of the affected card; absent when all cards are affected. */
  readonly card?: string;
}

/** The oldest driver that CUDA 12 runs on (NVIDIA's compatibility table, Linux). */
const OLDEST_DRIVER = '525.60.13';
/**
 * From Hopper (H100) on, TensorFlow 2.21 has many operations only as PTX 8.5 (its build_info: sm_60
 * to sm_89, compute_90). The driver must translate it, which needs CUDA 12.5 or newer.
 */
const OLDEST_HOPPER_DRIVER = '555.42.02';
/** The oldest compute capability with programs in TensorFlow 2.21. */
const OLDEST_CAPABILITY = '6.0';
const HOPPER = '9.0';
/**
 * The first compute capability (RTX 50, B200) without programs from a CUDA 12.5 build
 * (tensorflow#111958).
 */
const BLACKWELL = '10.0';

const install: Step = { do: 'install-engine', variant: 'gpu' };

/**
 * Returns all problems that prevent TensorFlow from using the cards, common ones first; empty when
 * it can use them. Pure.
 */
export function diagnose(probe: CudaProbe): CudaProblem[] {
  if (probe.platform !== 'linux-x64')
    return [
      {
        code: 'cuda.platform',
        found: `TensorFlow's GPU library is made for Linux on x64; this is ${probe.platform}.`,
        steps: [
          'Compute on the processor here, or use a Linux machine with an NVIDIA card (on Windows: WSL 2).',
        ],
      },
    ];
  if (probe.driver === null) return [noDriver(probe)];
  if (probe.cards.length === 0)
    return [
      {
        code: 'cuda.no-card',
        found: `Driver ${probe.driver} is installed, but it finds no card.`,
        steps: [
          'Check the card, and which cards this container or job may use (CUDA_VISIBLE_DEVICES).',
        ],
      },
    ];
  return [
    ...driverProblem(probe.driver),
    ...(probe.engine === 'ready' ? [] : [engineProblem(probe.engine)]),
    ...libraryProblems(probe),
    ...probe.cards.flatMap((card) => cardProblems(card, probe.driver!)),
  ];
}

/** Returns the problems of one card, common ones included. */
export const problemsOf = (
  problems: readonly CudaProblem[],
  uuid: string | undefined,
): CudaProblem[] => problems.filter(({ card }) => card === undefined || card === uuid);

function noDriver({ answer: answer, driverLibrary }: CudaProbe): CudaProblem {
  const code = 'cuda.no-driver';
  if (answer !== '')
    return {
      code,
      found: `NVIDIA's driver does not answer; nvidia-smi says: ${answer}`,
      steps: [
        'Repair the driver (after an update: restart the machine). Until then the processor computes.',
      ],
    };
  if (driverLibrary)
    return {
      code,
      found:
        'CUDA is installed (libcuda.so.1), but nvidia-smi, which lists the cards, is missing or fails.',
      steps: [
        'In a container: start it with NVIDIA_DRIVER_CAPABILITIES=compute,utility. Until then the processor computes.',
      ],
    };
  return {
    code,
    found: 'No NVIDIA driver answers: nvidia-smi is missing or fails.',
    steps: [
      `Install NVIDIA's driver, ${OLDEST_DRIVER} or newer (in a container: start it with ` +
        '--gpus all). Until then the processor computes.',
    ],
  };
}

const update = 'Update the NVIDIA driver, then restart the machine.';

const driverProblem = (driver: string): CudaProblem[] =>
  older(driver, OLDEST_DRIVER)
    ? [
        {
          code: 'cuda.driver-too-old',
          found: `The driver is ${driver}; CUDA 12 needs ${OLDEST_DRIVER} or newer.`,
          steps: [update],
        },
      ]
    : [];

function cardProblems({ uuid: card, title, capability }: CudaCard, driver: string): CudaProblem[] {
  if (capability === null) return [];
  if (older(capability, OLDEST_CAPABILITY))
    return [
      {
        code: 'cuda.card-too-old',
        found: `${title} has compute capability ${capability}; TensorFlow 2.21 needs ${OLDEST_CAPABILITY} or newer.`,
        steps: ['Compute on the processor, or on a newer card.'],
        card,
      },
    ];
  if (!older(capability, BLACKWELL))
    return [
      {
        code: 'cuda.build-too-old',
        found:
          `${title} has compute capability ${capability}; TensorFlow 2.21 is built with CUDA ` +
          '12.5, which cannot compile for it.',
        steps: [
          'Compute on the processor, or on a card up to the H200; newer ones need a ' +
            'TensorFlow that is built with CUDA 12.8.',
        ],
        card,
      },
    ];
  if (
    older(capability, HOPPER) ||
    !older(driver, OLDEST_HOPPER_DRIVER) ||
    older(driver, OLDEST_DRIVER)
  )
    return [];
  return [
    {
      code: 'cuda.driver-too-old',
      found: `The driver is ${driver}; on ${title} TensorFlow 2.21 needs ${OLDEST_HOPPER_DRIVER} or newer (CUDA 12.5).`,
      steps: [update],
      card,
    },
  ];
}

const engineProblem = (state: CudaProbe['engine']): CudaProblem => ({
  code: `cuda.engine-${state}`,
  found: `TensorFlow's GPU library is ${state === 'damaged' ? 'damaged' : 'not installed'}.`,
  steps: [install],
});

function libraryProblems({ libraries }: CudaProbe): CudaProblem[] {
  const missing = cudaLibraries.filter(({ soname }) => !has(libraries, soname));
  return missing.length > 0 ? missingProblems(missing, libraries) : [];
}

/**
 * Describes missing libraries with one sentence per cause: only CUDA 13, another cuDNN version, or
 * simply missing.
 */
function missingProblems(
  missing: readonly CudaLibrary[],
  libraries: readonly string[],
): CudaProblem[] {
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
      found:
        `CUDA 13's libraries are installed ` +
        `(${toolkit.map((library) => otherOf(library)!).join(', ')}); TensorFlow 2.21 needs ` +
        `CUDA 12's: ${names(toolkit)}.`,
      steps: [
        'An install adds the libraries of CUDA 12 for this program only; CUDA 13 stays as it is.',
        install,
      ],
    });
  for (const library of [...newer, ...rest].filter(({ soname }) => soname.startsWith('libcudnn'))) {
    const other = otherOf(library);
    problems.push({
      code: 'cuda.no-cudnn',
      found: other
        ? `${other} is installed; TensorFlow 2.21 needs ${library.title} (${library.soname}).`
        : `${library.title} (${library.soname}) is missing: without it there are no convolutions on a card.`,
      steps: [install],
    });
  }
  const absent = rest.filter(({ soname }) => !soname.startsWith('libcudnn'));
  if (absent.length > 0)
    problems.push({
      code: 'cuda.missing-libraries',
      found: `Missing: ${absent.map(({ soname, title }) => `${soname} (${title})`).join(', ')}.`,
      steps: [install],
    });
  return problems;
}

const names = (libraries: readonly CudaLibrary[]): string =>
  libraries.map(({ soname }) => soname).join(', ');

const has = (libraries: readonly string[], soname: string): boolean =>
  libraries.some((name) => name === soname || name.startsWith(`${soname}.`));

const numberOf = (name: string): number => Number(/\.so\.(\d+)/.exec(name)?.[1] ?? NaN);

/** True when a version of numbers and dots is older than another. */
export function older(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  for (let i = 0; i < Math.max(a!.length, b!.length); i++) {
    const [left, right] = [a![i] ?? 0, b![i] ?? 0];
    if (left !== right) return left < right;
  }
  return false;
}
