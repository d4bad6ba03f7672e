import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import {
  addVariables,
  computationFor,
  computationVariables,
  decidingVariables,
} from '../../core/engine/computation.ts';
import { compileCache } from '../../core/engine/tensorflow/compile-cache.ts';
import { type Computation, computationWords } from '../../core/study/computation.ts';

describe('default computation of a device', () => {
  test('a processor: float32 in a session; a card: TF32, compiled', () => {
    assert.deepEqual(computationFor('cpu'), {
      compiler: 'none',
      precision: 'float32',
      deterministic: false,
    });
    assert.deepEqual(computationFor('gpu'), {
      compiler: 'xla',
      precision: 'tf32',
      deterministic: false,
    });
    assert.equal(
      computationWords(computationFor('gpu', { deterministic: true })),
      'XLA, tf32, deterministic',
    );
    assert.equal(computationWords({ precision: 'float32' }), 'float32');
    assert.equal(computationFor('cpu', { precision: 'bfloat16' }).compiler, 'none');
    assert.equal(computationFor('gpu', { precision: 'bfloat16' }).compiler, 'xla');
  });
  test('impossible combinations are refused', () => {
    assert.throws(() => computationFor('cpu', { precision: 'tf32' }), { code: 'engine.precision' });
    assert.throws(() => computationFor('gpu', { precision: 'bfloat16', compiler: 'none' }), {
      code: 'engine.precision',
    });
  });
});

describe('variables for the library to read', () => {
  const onCard = (
    wish: Partial<Computation>,
    cache: string | null = '/cache',
  ): Record<string, string> => computationVariables('gpu', computationFor('gpu', wish), cache);

  test('a processor needs none', () => {
    assert.deepEqual(computationVariables('cpu', computationFor('cpu'), null), {});
  });
  test('float32 on a card turns TF32 off, in the libraries and in XLA', () => {
    const { NVIDIA_TF32_OVERRIDE, XLA_FLAGS } = onCard({ precision: 'float32' });
    assert.equal(NVIDIA_TF32_OVERRIDE, '0');
    assert.match(XLA_FLAGS!, /--xla_gpu_enable_triton_gemm=false/);
    for (const precision of ['tf32', 'bfloat16'] as const)
      assert.ok(!('NVIDIA_TF32_OVERRIDE' in onCard({ precision })));
  });
  test('deterministic mode selects no kernels by timing', () => {
    const { TF_DETERMINISTIC_OPS, XLA_FLAGS } = onCard({ deterministic: true });
    assert.equal(TF_DETERMINISTIC_OPS, '1');
    assert.match(XLA_FLAGS!, /--xla_gpu_deterministic_ops=true/);
    assert.doesNotMatch(XLA_FLAGS!, /autotune/);
  });
  test('compiled programs and measured kernels are cached, with and without PjRt', () => {
    assert.match(
      onCard({}).TF_XLA_FLAGS!,
      /persistent_cache_directory="\/cache" .*=GPU,XLA_GPU_JIT$/,
    );
    assert.match(
      onCard({}).XLA_FLAGS!,
      /autotune_cache_dir="\/cache" .*autotuner_cache_dir="\/cache"/,
    );
    assert.ok(!('TF_XLA_FLAGS' in onCard({}, null)));
  });
  test('a path is one value, whatever its characters', () => {
    assert.match(onCard({}, '/my "best" cache\\').XLA_FLAGS!, /_dir="\/my \\"best\\" cache\\\\"/);
  });
  test("the variables of compilation are ours and the user's, and no others", () => {
    const environment = {
      PATH: '/bin',
      XLA_FLAGS: '--mine',
      CUBLAS_WORKSPACE_CONFIG: ':4096:8',
      HOME: '/me',
    };
    assert.deepEqual(
      decidingVariables(environment, {
        XLA_FLAGS: '--ours',
        NVIDIA_TF32_OVERRIDE: '0',
        TF_CPP_MIN_LOG_LEVEL: '3',
      }),
      { CUBLAS_WORKSPACE_CONFIG: ':4096:8', NVIDIA_TF32_OVERRIDE: '0', XLA_FLAGS: '--ours --mine' },
    );
    assert.deepEqual(Object.keys(environment), [
      'PATH',
      'XLA_FLAGS',
      'CUBLAS_WORKSPACE_CONFIG',
      'HOME',
    ]);
  });
  test('programs of another precision, card, driver or library have another folder', () => {
    const home = mkdtempSync(join(tmpdir(), 'ktg-computation-'));
    try {
      const folder = (wish: Partial<Computation>, ...surroundings: string[]): string =>
        basename(compileCache(computationFor('gpu', wish), surroundings, home));
      const usual = folder({}, 'H100', '580.1');
      assert.match(usual, /^XLA-tf32-[0-9a-f]{16}$/);
      assert.equal(folder({}, 'H100', '580.1'), usual);
      const others = [
        folder({ precision: 'float32' }, 'H100', '580.1'),
        folder({ deterministic: true }, 'H100', '580.1'),
        folder({}, 'A100', '580.1'),
        folder({}, 'H100', '580.2'),
      ];
      assert.equal(new Set([usual, ...others]).size, 5, others.join());
    } finally {
      rmSync(home, { recursive: true });
    }
  });
  test("the user's settings stay, and the user's flags win", () => {
    const environment = { XLA_FLAGS: '--mine', NVIDIA_TF32_OVERRIDE: '1' };
    addVariables(environment, {
      XLA_FLAGS: '--ours',
      NVIDIA_TF32_OVERRIDE: '0',
      TF_DETERMINISTIC_OPS: '1',
    });
    assert.deepEqual(environment, {
      XLA_FLAGS: '--ours --mine',
      NVIDIA_TF32_OVERRIDE: '1',
      TF_DETERMINISTIC_OPS: '1',
    });
  });
});
