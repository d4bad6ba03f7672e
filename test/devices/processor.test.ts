import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computesBfloat16, kernelsFor, runsKernels } from '../../core/devices/processor.ts';

delete process.env.KTG_WITHOUT_AMX;
const flags = (words: string): string => `processor\t: 0\nflags\t\t: ${words}\nbugs\t\t: none\n`;

test('a processor computes bfloat16 when its flags name AVX-512 BF16 or AMX', () => {
  assert.equal(computesBfloat16(flags('fpu avx512f avx512_bf16 sse')), true);
  assert.equal(computesBfloat16(flags('fpu amx_bf16')), true);
  assert.equal(computesBfloat16(flags('fpu avx512f avx512_bf16x')), false);
  assert.equal(computesBfloat16(''), false);
});

test('our kernels need AVX-512 with bfloat16, and tiles need AMX beside it', () => {
  const vectors = 'fma avx512f avx512bw avx512dq avx512vl avx512_bf16';
  assert.deepEqual(runsKernels(flags(vectors)), { norms: true, tiles: false });
  assert.deepEqual(runsKernels(flags(`${vectors} amx_tile amx_bf16`)), {
    norms: true,
    tiles: true,
  });
  assert.deepEqual(runsKernels(flags('avx512f amx_tile amx_bf16')), { norms: false, tiles: false });
});

test('tiles compute bfloat16, vectors where they are missing, and our convolutions float32', () => {
  const none = { norms: false, tiles: false, vectors: false, convolutions: false };
  const all = { norms: true, tiles: true };
  assert.deepEqual(kernelsFor('bfloat16', all), { ...none, ...all });
  assert.deepEqual(kernelsFor('float32', all), { ...none, norms: true, convolutions: true });
  const noTiles = { norms: true, tiles: false };
  assert.deepEqual(kernelsFor('bfloat16', noTiles), { ...none, norms: true, vectors: true });
  assert.deepEqual(kernelsFor('float32', { norms: false, tiles: false }), none);
});

test('KTG_WITHOUT_AMX=1 hides AMX from our kernels', (t) => {
  t.after(() => delete process.env.KTG_WITHOUT_AMX);
  const both = flags('fma avx512f avx512bw avx512dq avx512vl avx512_bf16 amx_tile amx_bf16');
  process.env.KTG_WITHOUT_AMX = '0';
  assert.deepEqual(runsKernels(both), { norms: true, tiles: true });
  process.env.KTG_WITHOUT_AMX = '1';
  assert.deepEqual(runsKernels(both), { norms: true, tiles: false });
  assert.equal(computesBfloat16(both), true);
  assert.equal(computesBfloat16(flags('fpu amx_bf16')), false);
});
