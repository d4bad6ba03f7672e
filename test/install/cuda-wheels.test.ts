import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cudaCompilerPackage, cudaLibraries } from '../../core/install/cuda-libraries.ts';
import { cudaWheels } from '../../core/install/cuda-packages.ts';
import { cudaBytes, cudaTarget } from '../../core/install/cuda-wheels.ts';

/** `Requires-Dist` of the extra `and-cuda` of tensorflow 2.21.0. */
const ranges: Record<string, [least: string, below: number]> = {
  'nvidia-cublas-cu12': ['12.5.3.2', 13],
  'nvidia-cuda-cupti-cu12': ['12.5.82', 13],
  'nvidia-cuda-nvcc-cu12': ['12.5.82', 13],
  'nvidia-cuda-nvrtc-cu12': ['12.5.82', 13],
  'nvidia-cuda-runtime-cu12': ['12.5.82', 13],
  'nvidia-cudnn-cu12': ['9.3.0.75', 10],
  'nvidia-cufft-cu12': ['11.2.3.61', 12],
  'nvidia-curand-cu12': ['10.3.6.82', 11],
  'nvidia-cusolver-cu12': ['11.6.3.83', 12],
  'nvidia-cusparse-cu12': ['12.5.1.3', 13],
  'nvidia-nccl-cu12': ['2.27.7', 3],
  'nvidia-nvjitlink-cu12': ['12.5.82', 13],
};

describe("CUDA's libraries from wheels", () => {
  test("every package that TensorFlow's wheel requires is pinned within its range", () => {
    assert.deepEqual(cudaWheels.map((wheel) => wheel.package).sort(), Object.keys(ranges));
    for (const { package: name, version, tag, wheelBytes, sha256 } of cudaWheels) {
      const [least, below] = ranges[name]!;
      assert.ok(version.localeCompare(least, 'en', { numeric: true }) >= 0, `${name} ${version}`);
      assert.ok(Number.parseInt(version) < below, `${name} ${version}`);
      assert.match(tag, /^manylinux.*_x86_64$/);
      assert.match(sha256, /^[0-9a-f]{64}$/);
      assert.ok(wheelBytes > 1e6 && wheelBytes < cudaBytes.download, name);
    }
  });
  test('every library that TensorFlow opens on a card is in one of them', () => {
    const wanted = [...cudaLibraries.map((library) => library.package), cudaCompilerPackage];
    const pinned = new Set(cudaWheels.map((wheel) => wheel.package));
    assert.deepEqual(
      wanted.filter((name) => !pinned.has(name)),
      [],
    );
  });
  test('libraries side by side, the two tools of the compiler, and nothing else', () => {
    assert.equal(cudaTarget('nvidia/cudnn/lib/libcudnn_ops.so.9'), 'cuda/libcudnn_ops.so.9');
    assert.equal(cudaTarget('nvidia/cuda_nvcc/bin/ptxas'), `cuda/${cudaCompilerPackage}/bin/ptxas`);
    assert.equal(
      cudaTarget('nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc'),
      `cuda/${cudaCompilerPackage}/nvvm/libdevice/libdevice.10.bc`,
    );
    for (const other of [
      'nvidia/cudnn/include/cudnn.h',
      'nvidia/cuda_nvcc/bin/nvcc',
      'nvidia/cublas/lib/../../x.so',
      'a.dist-info/RECORD',
    ])
      assert.equal(cudaTarget(other), undefined);
  });
  test('a library is opened after its dependencies', () => {
    const order = cudaLibraries.map(({ soname }) => soname.split('.')[0]!);
    const before = (first: string, then: string): void => {
      assert.ok(order.indexOf(first) < order.indexOf(then), `${first} before ${then}`);
    };
    before('libcublasLt', 'libcublas');
    before('libcublas', 'libcusolver');
    before('libcusparse', 'libcusolver');
    before('libnvJitLink', 'libcusparse');
    before('libcublas', 'libcudnn');
  });
});
