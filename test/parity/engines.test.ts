import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { computesBfloat16 } from '../../core/devices/processor.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const fixtures = at('../fixtures');

function parity(...args: string[]): { status: number | null; lines: string[]; errors: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [at('./main.ts'), ...args], {
    encoding: 'utf8',
  });
  return { status, lines: stdout.trimEnd().split('\n'), errors: stderr };
}

/** All fixtures that `args` choose are compared, and pass. */
function passes(engine: string, count: number, ...args: string[]): void {
  const { status, lines, errors } = parity(...args, '--engine', engine);
  assert.equal(lines.at(-1), `${count} passed, 0 failed`, [...lines, errors].join('\n'));
  assert.equal(status, 0);
  assert.match(lines[0]!, new RegExp(`, ${engine}, `));
}

describe('the fixtures on every engine', () => {
  // ResNet18 on larger images takes most of the time; `npm run parity` compares these four, too
  test('tensorflow', () => {
    passes('tensorflow', 69, '--without', 'resnet18_64px', '--without', 'resnet18_96px');
  });
  const skip = !computesBfloat16() && 'NOT TESTED: this processor has no instructions for bfloat16';
  test('tensorflow in bfloat16, steps, passes and networks of PyTorch', { skip }, () => {
    passes('tensorflow', 5, '--precision', 'bfloat16', '--only', 'm3_');
    passes('tensorflow', 2, '--precision', 'bfloat16', '--only', 'm2_attention');
    passes('tensorflow', 2, '--precision', 'bfloat16', '--only', 'forward_resnet8');
    passes('tensorflow', 1, '--precision', 'bfloat16', join(fixtures, 'torch'));
  });
  /** Files by a word of their name; on the portable engine some of the steps, for time. */
  const steps = {
    eager: [
      ['m2_', 15],
      ['m3_', 3],
      ['edges', 1],
      ['maps', 1],
    ],
    portable: [
      ['m2_repel', 2],
      ['m2_attention', 2],
      ['m3_', 3],
      ['edges', 1],
      ['maps', 1],
    ],
  } as const;
  for (const engine of ['eager', 'portable'] as const) {
    test(engine, () => {
      passes(engine, 24, join(fixtures, 'ktg'));
      passes(engine, 2, join(fixtures, 'asha'));
      passes(engine, 1, join(fixtures, 'torch'));
      // ResNet18 and VGG13 take minutes on the portable engine; layers.json holds their layers.
      // `npm run parity -- --engine NAME` compares all.
      for (const [network, count] of [
        ['forward_vgg8', 4],
        ['mobilenetv2', 4],
        ['resnet32', 2],
        ['wrn', 2],
        ['resized_crop', 1],
        ...steps[engine],
      ] as const)
        passes(engine, count, join(fixtures, 'ktg2'), '--only', network);
    });
  }
});

describe('the command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-parity-'));
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const ktg = join(folder, 'some', 'ktg');
  mkdirSync(ktg, { recursive: true });
  for (const file of [
    'schedules.json',
    'm1_cutoff.json',
    'gates.json',
    'tolerances.json',
    'README.md',
  ])
    cpSync(join(fixtures, 'ktg', file), join(ktg, file));

  test('finds fixtures by their kind, at any depth, and ignores what is not JSON', () => {
    writeFileSync(join(ktg, 'notes.json'), 'not JSON at all');
    const { status, lines } = parity(folder, '--engine', 'portable');
    assert.equal(lines.at(-1), '3 passed, 0 failed');
    assert.equal(lines.filter((line) => line.startsWith('ok ')).length, 3);
    assert.equal(status, 0);
  });

  test('fails on an unknown kind', () => {
    const strange = join(folder, 'strange.json');
    writeFileSync(strange, JSON.stringify({ kind: 'horoscope' }));
    const { status, lines } = parity(folder, '--engine', 'portable');
    rmSync(strange);
    assert.match(lines.join('\n'), /FAILED strange\.json: Unknown kind "horoscope"/);
    assert.equal(lines.at(-1), '3 passed, 1 failed');
    assert.equal(status, 1);
  });

  test('fails on answers beyond the tolerances that lie beside them', () => {
    const path = join(ktg, 'tolerances.json');
    const text = readFileSync(path, 'utf8');
    const limits = JSON.parse(text) as { classes: Record<string, Record<string, number>> };
    for (const one of Object.values(limits.classes)) for (const key in one) one[key] = 1e-12;
    writeFileSync(path, JSON.stringify(limits));
    const { status, lines } = parity(folder, '--engine', 'portable');
    writeFileSync(path, text);
    assert.equal(lines.at(-1), '1 passed, 2 failed');
    assert.match(lines.join('\n'), /off by .*, allowed 1e-12/);
    assert.equal(status, 1);
  });

  test('refuses a folder without fixtures, no folder, and an unknown engine', () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    assert.equal(parity(empty, '--engine', 'portable').status, 1);
    assert.deepEqual(
      [parity(join(folder, 'nowhere')), parity('--engine', 'steam')].map(({ status }) => status),
      [2, 2],
    );
  });
});
