import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cudaCompilerPackage, cudaLibraries } from '../../core/engine/tensorflow/cuda.ts';
import { cudaRequirements, cudaTarget } from '../../core/engine/tensorflow/cuda-wheels.ts';

/** As in the METADATA of tensorflow 2.21.0. */
const metadata = `Metadata-Version: 2.4
Name: tensorflow
Requires-Dist: absl-py>=1.0.0
Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"
Requires-Dist: nvidia-cudnn-cu12 (<10.0,>=9.3.0.75) ; extra == 'and-cuda'
Requires-Dist: tensorflow-gcs-filesystem; extra == "gcs-filesystem"
`;

describe("CUDA's libraries from wheels", () => {
  test("what TensorFlow's own wheel asks for", () => {
    assert.deepEqual(cudaRequirements(metadata), [
      'nvidia-cublas-cu12<13.0,>=12.5.3.2',
      'nvidia-cudnn-cu12<10.0,>=9.3.0.75',
    ]);
    assert.deepEqual(cudaRequirements(''), []);
  });
  test('libraries side by side, the two tools of the compiler, and nothing else', () => {
    assert.equal(cudaTarget('nvidia/cudnn/lib/libcudnn_ops.so.9'), 'cuda/libcudnn_ops.so.9');
    assert.equal(cudaTarget('nvidia/cuda_nvcc/bin/ptxas'), `cuda/${cudaCompilerPackage}/bin/ptxas`);
    assert.equal(
      cudaTarget('nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc'),
      `cuda/${cudaCompilerPackage}/nvvm/libdevice/libdevice.10.bc`,
    );
    for (const other of ['nvidia/cudnn/include/cudnn.h', 'nvidia/cuda_nvcc/bin/nvcc', 'nvidia/cublas/lib/../../x.so', 'a.dist-info/RECORD']) assert.equal(cudaTarget(other), undefined); // prettier-ignore
  });
  test('a library is opened after those that it needs', () => {
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
