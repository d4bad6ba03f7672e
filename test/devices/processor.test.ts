import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computesBfloat16 } from '../../core/devices/processor.ts';

test('a processor computes bfloat16 when its flags name AVX-512 BF16 or AMX', () => {
  const flags = (words: string): string => `processor\t: 0\nflags\t\t: ${words}\nbugs\t\t: none\n`;
  assert.equal(computesBfloat16(flags('fpu avx512f avx512_bf16 sse')), true);
  assert.equal(computesBfloat16(flags('fpu amx_bf16')), true);
  assert.equal(computesBfloat16(flags('fpu avx512f avx512_bf16x')), false);
  assert.equal(computesBfloat16(''), false);
});
