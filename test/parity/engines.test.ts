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

const each = (option: string, words: readonly string[]): string[] =>
  words.flatMap((word) => [option, word]);

/**
 * Plain files of networks whose `_calm` twin is compared here: it checks the same gradients, under
 * tighter limits.
 */
const twins = [
  'resnet110',
  'wrn_28_2',
  'resnet18',
  'vgg8_64px',
  'resnet32_64px',
  'wrn_10_1_64px',
  'mobilenetv2_half_64px',
].map((network) => `forward_${network}.json`);
/** Networks of families that smaller ones stand for. */
const large = ['resnet18_64px', 'resnet18_96px', 'vgg13', 'resnet34', 'wrn_16_2'];
/** Graphs like others that are compared. */
const alike = ['m4_mutual', 'm2_wrn16', 'm2_resnet20', 'm3_ensemble.json', 'm2_mobilenet'];
const left = each('--without', [...twins, ...large, ...alike]);

/** `npm run parity -- --engine NAME` compares all fixtures; these are enough for every change. */
describe('the fixtures on every engine', () => {
  test('tensorflow', () => {
    passes('tensorflow', 62, ...left);
  });
  const skip = !computesBfloat16() && 'NOT TESTED: this processor has no instructions for bfloat16';
  test('tensorflow in bfloat16, steps, passes and networks of PyTorch', { skip }, () => {
    // The files that came nearest to their limits, and each family, kind and gate.
    const chosen = ['m3_mixed', 'm4_mixed', 'm2_vgg8', 'm2_ensemble', 'm2_at_', 'forward_resnet8'];
    const nearest = ['forward_vgg13_calm', 'mobilenetv2_half_64px_calm', 'mobilenetv2_half_calm'];
    passes('tensorflow', 12, '--precision', 'bfloat16', ...each('--only', [...chosen, ...nearest]));
    passes('tensorflow', 1, '--precision', 'bfloat16', join(fixtures, 'torch'));
  });
  test('eager', () => {
    passes('eager', 62, ...left);
  });
  test('portable', () => {
    // ResNet18 takes minutes there; layers.json holds its layers. ResNet32 stands for ResNet110.
    const slow = ['resnet18', 'resnet110', 'forward_vgg8.json', 'm2_vgg8', 'm2_64px'];
    passes('portable', 57, ...left, ...each('--without', slow));
  });
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
