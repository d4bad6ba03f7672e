import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { type Card, findCards, parseCards } from '../../core/devices/cards.ts';

const bin = mkdtempSync(join(tmpdir(), 'ktg-cards-'));
const program = join(bin, 'nvidia-smi');
after(() => {
  rmSync(bin, { recursive: true });
});
beforeEach(() => {
  rmSync(program, { force: true });
});

/**
 * A pretended nvidia-smi: shell code that sees its arguments; `$id` is the card that is asked for
 * alone.
 */
const pretend = (code: string): void => {
  writeFileSync(program, `#!/bin/sh\nid=$(echo "$*" | sed -n 's/.*-i //p')\n${code}\n`, {
    mode: 0o755,
  });
};
const find = (visible?: string, known: readonly Card[] = []): Promise<Card[]> =>
  findCards(
    {
      PATH: `${bin}:/bin:/usr/bin`,
      ...(visible !== undefined && { CUDA_VISIBLE_DEVICES: visible }),
    },
    known,
  );
const titles = (cards: readonly Card[]): string => cards.map(({ title }) => title).join(' ');

const row = (index: number, title: string): string =>
  `echo "${index}, GPU-${title}, ${title}, 1, 580"`;
const three = [row(0, 'A'), row(1, 'B'), row(2, 'C')].join('; ');

describe('cards of this machine', () => {
  test("equal nvidia-smi's list; other lines are ignored", () => {
    const output =
      '0, GPU-6f3c, NVIDIA H100 80GB HBM3, 81559, 580.65.06\n1, GPU-a01b, NVIDIA H100 80GB HBM3, [N/A], 580.65.06\nNo devices were found\n\n';
    const same = { title: 'NVIDIA H100 80GB HBM3', driver: '580.65.06' };
    assert.deepEqual(parseCards(output), [
      { index: 0, uuid: 'GPU-6f3c', memory: 81559 * 2 ** 20, ...same },
      { index: 1, uuid: 'GPU-a01b', memory: null, ...same },
    ]);
    assert.deepEqual(parseCards(''), []);
  });

  test('are limited by CUDA_VISIBLE_DEVICES, by number or name', async () => {
    pretend(`[ "$1" = -L ] || { ${three}; }`);
    const seen = async (visible?: string): Promise<string> => titles(await find(visible));
    assert.deepEqual(
      [
        await seen(),
        await seen('0,2'),
        await seen('GPU-B'),
        await seen('2, 1'),
        await seen(''),
        await seen('9'),
      ],
      ['A B C', 'A C', 'B', 'C B', '', ''],
    );
  });

  test('divided cards appear as parts, by any of their names', async () => {
    pretend(`if [ "$1" = -L ]; then echo "GPU 0: A (UUID: GPU-A)
  MIG 3g.40gb     Device  0: (UUID: MIG-c6d4-1)
  MIG 1g.10gb     Device  1: (UUID: MIG-c6d4-2)
GPU 1: B (UUID: GPU-B)"; else ${row(0, 'A')}; ${row(1, 'B')}; fi`);
    const all = await find();
    assert.deepEqual(
      all.map(({ index, uuid }) => [index, uuid]),
      [
        [0, 'MIG-c6d4-1'],
        [1, 'MIG-c6d4-2'],
        [2, 'GPU-B'],
      ],
    );
    assert.deepEqual(all[0], {
      index: 0,
      uuid: 'MIG-c6d4-1',
      title: 'A, MIG 3g.40gb',
      memory: 40e9,
      driver: '580',
      parent: 'GPU-A',
    });
    assert.equal(titles(await find('MIG-c6d4-2')), 'A, MIG 1g.10gb');
    assert.equal(
      titles(await find('0,1')),
      'A, MIG 3g.40gb A, MIG 1g.10gb',
      'numbers as a batch system gives them',
    );
    assert.equal(titles(await find('GPU-A')), 'A, MIG 3g.40gb A, MIG 1g.10gb');
  });

  test('a card that lost its bus connection does not affect others', async () => {
    pretend(`[ "$1" = -L ] && exit 15; ${three}`);
    const known = await find();
    assert.equal(titles(known), 'A B C');
    pretend(
      `[ "$1" = -L ] && exit 15; ${row(0, 'A')}; ${row(1, 'B')}; [ "$id" = GPU-C ] && exit 15; exit 15`,
    );
    assert.equal(titles(await find(undefined, known)), 'A B', 'listed before nvidia-smi failed');
    const alone = `case "$id" in GPU-A|0) ${row(0, 'A')};; GPU-B|1) ${row(1, 'B')};; *) echo lost; exit 15;; esac`;
    pretend(alone);
    assert.equal(titles(await find(undefined, known)), 'A B', 'not listed at all');
    assert.equal(titles(await find()), 'A B', 'at the start, too');
  });

  test('known parts stay as long as their card and replace it', async () => {
    const list =
      'echo "GPU 0: A (UUID: GPU-A)\n  MIG 1g.10gb     Device  0: (UUID: MIG-1)\n  MIG 1g.10gb     Device  1: (UUID: MIG-2)"';
    pretend(`if [ "$1" = -L ]; then ${list}; else ${row(0, 'A')}; ${row(1, 'B')}; fi`);
    const known = await find();
    assert.equal(known.length, 3);
    pretend(`if [ "$1" = -L ]; then exit 15; else ${row(0, 'A')}; ${row(1, 'B')}; fi`);
    assert.deepEqual(await find(undefined, known), known, 'the list failed');
    pretend('exit 18');
    assert.deepEqual(await find(undefined, known), known, 'nothing can be asked');
    pretend(`[ "$1" = -L ] && exit 15; [ "$id" = GPU-B ] && { ${row(1, 'B')}; exit 0; }; exit 15`);
    assert.deepEqual(
      (await find(undefined, known)).map(({ uuid }) => uuid),
      ['GPU-B'],
      'their card is lost',
    );
  });

  test('known cards stay when no query works', async () => {
    pretend(three);
    const known = await find();
    pretend('echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18');
    assert.equal(titles(await find(undefined, known)), 'A B C');
    assert.deepEqual(await find(), []);
    rmSync(program);
    assert.equal(titles(await find(undefined, known)), 'A B C');
    assert.deepEqual(await find(), []);
    pretend('echo "No devices were found"; exit 6');
    assert.deepEqual(await find(undefined, known), [], 'gone for good');
  });
});
