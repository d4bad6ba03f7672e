import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { runsKernels } from '../../core/devices/processor.ts';

const possible = runsKernels();
const skip = !possible.norms && 'NOT TESTED: this processor has no AVX-512 with bfloat16';

/** Computes our kernels in a process with so many threads. Returns hashes of their outputs. */
function computed(threads: number): string {
  const source = `
    import { createHash } from 'node:crypto';
    import { openEngine } from ${JSON.stringify(import.meta.resolve('../../core/engine/open.ts'))};
    import { compute, random } from ${JSON.stringify(import.meta.resolve('./kernel-support.ts'))};
    await openEngine({ engine: 'tensorflow', threads: ${threads} });
    const integer = (value) => ({ kind: 'int', value });
    const flag = (value) => ({ kind: 'bool', value });
    const map = { index: 0, map: true };
    const vectors = (...all) => all.map((index) => ({ index, map: false }));
    const tell = (op, inputs, attributes, fetched, type) => {
      const values = compute(op, inputs, attributes, fetched, type);
      const hash = createHash('sha256');
      for (const each of values) hash.update(new Uint8Array(each.buffer));
      console.log(op, type, JSON.stringify(inputs[0].shape), hash.digest('hex').slice(0, 16));
    };
    for (const [side, channels] of [[16, 16], [8, 32], [8, 64], [4, 128]]) {
      const [x, dy] = ['x', 'dy'].map((name) => random(name, [17, side, side, channels]));
      const filter = random('filter', [3, 3, channels, channels]);
      const [gamma, beta] = ['gamma', 'beta'].map((name) => random(name, [channels], 1, false));
      for (const type of ${JSON.stringify(possible.tiles ? [1, 14] : [1])}) {
        tell('KtgConvolution', [x, filter], { N: integer(0), turned: flag(false) }, [map], type);
        // Gradients of filters are float32, and 4x4 pixels are fewer than a tile of bfloat16.
        if (type === 1 || side > 4)
          tell('KtgFilterGradient', [x, dy], {}, vectors(0), type);
      }
      const norm = { N: integer(0), relu: flag(true), epsilon: { kind: 'float', value: 1e-5 } };
      for (const type of [1, 14]) tell('KtgNorm', [x, gamma, beta], norm, [map, ...vectors(1, 2, 3)], type);
      const slope = { N: integer(1), M: integer(0), P: integer(0), keep_slope: flag(false) };
      for (const type of [1, 14])
        tell('KtgNormGradient', [x, gamma, beta, gamma, dy], slope, [map, ...vectors(1, 2)], type);
    }`;
  const { TF_NUM_INTRAOP_THREADS: _, ...environment } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', source],
    { encoding: 'utf8', env: environment },
  );
  assert.equal(status, 0, stderr);
  return stdout;
}

test('our kernels compute the same bits with any number of threads', { skip }, () => {
  const one = computed(1);
  assert.ok(one.split('\n').length > 20, one);
  for (const threads of [2, 3, 7]) assert.equal(computed(threads), one, `${threads} threads`);
});
