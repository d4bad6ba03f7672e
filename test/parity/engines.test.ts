import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const fixtures = at('../fixtures');

function parity(...args: string[]): { status: number | null; lines: string[]; errors: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [at('./main.ts'), ...args], {
    encoding: 'utf8',
  });
  return { status, lines: stdout.trimEnd().split('\n'), errors: stderr };
}

describe('every fixture on every engine', () => {
  for (const engine of ['tensorflow', 'eager', 'portable']) {
    test(engine, () => {
      const { status, lines, errors } = parity('--engine', engine);
      assert.equal(lines.at(-1), '26 passed, 0 failed', [...lines, errors].join('\n'));
      assert.equal(status, 0);
      assert.match(lines[0]!, new RegExp(`, ${engine}, `));
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
