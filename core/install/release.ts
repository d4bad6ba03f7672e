import { LabError } from '../base/errors.ts';

/** Kind of TensorFlow: `cpu` runs on every listed platform, `gpu` needs an NVIDIA card. */
export type Variant = 'cpu' | 'gpu';

/** One published wheel. Only its exact bytes are ever unpacked, whatever their source. */
export interface PublishedWheel {
  /** Name of the package on the index. */
  package: string;
  version: string;
  /** Platform tag of the wheel. */
  tag: string;
  /** Size in bytes; a longer download is stopped. */
  wheelBytes: number;
  /** SHA-256 of the file, hexadecimal, as published by the package index. */
  sha256: string;
}

/** TensorFlow's wheel for a platform, and the libraries to unpack from it. */
export interface Release extends PublishedWheel {
  variant: Variant;
  /** `linux-x64`, as in `${process.platform}-${process.arch}`. */
  platform: string;
  unpackedBytes: number;
  /** Shared libraries in the wheel's `tensorflow/` folder, dependencies first. */
  libraries: readonly string[];
  tested: boolean;
}

export const tensorflowVersion = '2.21.0';

const releases: readonly Release[] = [
  {
    variant: 'cpu',
    version: tensorflowVersion,
    platform: 'linux-x64',
    package: 'tensorflow-cpu',
    tag: 'manylinux_2_27_x86_64',
    wheelBytes: 274_000_871,
    sha256: 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
    unpackedBytes: 853_308_936,
    libraries: ['libtensorflow_framework.so.2', 'libtensorflow_cc.so.2'],
    tested: true,
  },
  {
    variant: 'gpu',
    version: tensorflowVersion,
    platform: 'linux-x64',
    package: 'tensorflow',
    tag: 'manylinux_2_27_x86_64',
    wheelBytes: 572_611_111,
    sha256: 'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0',
    unpackedBytes: 1_259_021_080,
    libraries: ['libtensorflow_framework.so.2', 'libtensorflow_cc.so.2'],
    tested: false,
  },
  {
    variant: 'cpu',
    version: tensorflowVersion,
    platform: 'darwin-arm64',
    package: 'tensorflow',
    tag: 'macosx_12_0_arm64',
    wheelBytes: 223_488_205,
    sha256: '56ecd7d47429acbe1df2694d50b75bf9fc3995ac92cb367cd9af6c4780ead712',
    unpackedBytes: 740_805_624,
    libraries: ['libtensorflow_framework.2.dylib', 'libtensorflow_cc.2.dylib'],
    tested: false,
  },
];

/**
 * Python version in the wheel's name. It only selects the file: any Python can download it, and
 * none runs it.
 */
export const wheelPython = { version: '3.12', tag: 'cp312' };

export const thisPlatform = `${process.platform}-${process.arch}`;

/**
 * Returns the release for a variant on a platform.
 * @throws LabError `engine.no-gpu-library` for the gpu variant, else `engine.unsupported-platform`
 */
export function releaseFor(variant: Variant, platform: string = thisPlatform): Release {
  const found = releases.find((r) => r.variant === variant && r.platform === platform);
  if (found) return found;
  if (variant === 'gpu') throw new LabError('engine.no-gpu-library', { platform });
  const platforms = releases.filter((r) => r.variant === variant).map((r) => r.platform);
  throw new LabError('engine.unsupported-platform', {
    tensorflowVersion,
    platform,
    platforms: platforms.join(', '),
  });
}
