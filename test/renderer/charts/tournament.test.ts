import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nearestPoint } from '../../../renderer/charts/nearest.ts';
import { swarm } from '../../../renderer/charts/swarm.ts';
import { drawTournament } from '../../../renderer/charts/tournament.ts';
import {
  columnAt,
  commonEpoch,
  columnEpochs,
  type TournamentAxis,
  type TournamentInput,
} from '../../../renderer/charts/tournament-columns.ts';
import { light } from '../../../renderer/ui/colors.ts';
import { curve, decision, trial } from '../rows.ts';

const size = { width: 400, height: 260 };

/** Three trials: stopped at epoch 1, at epoch 2, completed at epoch 8; the fourth runs. */
function input(change: Partial<TournamentInput> = {}): TournamentInput {
  const values = [
    [0.1],
    [0.2, 0.3],
    [0.25, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75],
    [0.22, 0.35, 0.45],
  ];
  const rows = [
    trial(1, { state: 'stopped', epoch: 1, accuracy: 0.1 }),
    trial(2, { state: 'stopped', epoch: 2, accuracy: 0.3 }),
    trial(3, { accuracy: 0.75 }),
    trial(4, { state: 'running', epoch: 3, accuracy: 0.45 }),
  ];
  const go = (run: number, rung: number, value: number, goes: boolean) => ({
    run,
    ...decision({ rung, value, go: goes, n: 4, rank: 1, limit: 2 }),
  });
  return {
    rows,
    curves: new Map(values.map((each, i) => [i + 1, curve(i + 1, each)])),
    decisions: [
      go(1, 1, 0.1, false),
      go(2, 1, 0.2, true),
      go(3, 1, 0.25, true),
      go(2, 2, 0.3, false),
    ],
    bars: new Map([[1, 0.2]]),
    epochs: columnEpochs([1, 2, 4], 8),
    axis: 'rung',
    faint: () => false,
    best: 3,
    ...change,
  };
}

describe('the tournament', () => {
  test('a rule without rungs has columns at powers of two', () => {
    assert.deepEqual(columnEpochs([1, 2, 4], 8), [1, 2, 4, 8]);
    assert.deepEqual(columnEpochs([], 200), [1, 2, 4, 8, 16, 32, 64, 128, 200]);
    assert.deepEqual(columnEpochs([], 1), [1]);
  });

  test('effects are compared at the last column that almost all trials have reached', () => {
    const { curves, epochs } = input();
    assert.equal(commonEpoch(epochs, curves), 1);
    assert.equal(commonEpoch(epochs, new Map([[3, curves.get(3)!]])), 8);
    assert.equal(commonEpoch(epochs, new Map()), null);
    const ensemble = new Map([[3, curve(3, [null, null], [0.1, 0.2], [0.2, 0.3])]]);
    assert.equal(commonEpoch([1, 2], ensemble), 2, 'node 1 is not trained');
  });

  test('every trial is a dot in each column that it reached; what runs is on its way', () => {
    const { entries, columns } = drawTournament(input(), size, light);
    const reached = (run: number) => entries.filter((each) => each.run === run);
    assert.deepEqual(
      reached(2).map(({ epoch, value }) => [epoch, value]),
      [
        [1, 0.2],
        [2, 0.3],
      ],
    );
    assert.deepEqual(
      reached(3).map(({ epoch }) => epoch),
      [1, 2, 4, 8],
    );
    const runs = reached(4).at(-1)!;
    assert.equal(runs.epoch, 3);
    assert.ok(runs.x > columns[1]!.x && runs.x < columns[2]!.x, 'between epochs 2 and 4');
  });

  test('a running trial stays within the chart, however far ahead of the others it is', () => {
    const ahead = { ...input(), curves: new Map(input().curves) };
    ahead.curves.set(4, curve(4, [0.22, 0.35, 0.99]));
    const { entries, frame } = drawTournament(ahead, size, light);
    for (const { y } of entries) assert.ok(y >= frame.top && y <= frame.bottom);
  });

  test('the axis of a column with one accuracy is labelled once', () => {
    const { marks } = drawTournament(input({ bars: new Map() }), size, light);
    const labels = marks.flatMap((mark) => (mark.kind === 'text' ? mark.text : []));
    assert.equal(labels.filter((text) => text === '75.0').length, 1);
    assert.ok(labels.includes('10.0') && labels.includes('25.0'));
  });

  test('columns count the evaluated and the continued trials', () => {
    const { columns } = drawTournament(input(), size, light);
    assert.deepEqual(
      columns.map(({ evaluated, continued }) => [evaluated, continued]),
      [
        [4, 2],
        [3, 0],
        [1, 0],
        [1, 0],
      ],
    );
  });

  test('an axis of its own spreads every column; a common one fits all, or the survivors', () => {
    const domain = (axis: TournamentAxis, column: number) =>
      drawTournament(input({ axis }), size, light).columns[column]!.y.domain() as [number, number];
    const [low, high] = domain('rung', 0);
    assert.ok(low < 0.1 && high > 0.25 && high < 0.3);
    const [from, to] = domain('all', 0);
    assert.ok(from < 0.1 && to > 0.75);
    assert.deepEqual(domain('all', 3), [from, to]);
    assert.ok(domain('survivors', 0)[0] > 0.5, 'from epoch 4 on');
  });

  test('axes fit what passes the filter', () => {
    const view = { fits: (run: number): boolean => run > 1 };
    const [low] = drawTournament(input({ view }), size, light).columns[0]!.y.domain();
    assert.ok(low! > 0.15);
  });

  test('a place leads to the nearest dot and to its column, and a height to its accuracy', () => {
    const { entries, columns } = drawTournament(input(), size, light);
    const at = entries.find(({ run, epoch }) => run === 2 && epoch === 2)!;
    assert.equal(nearestPoint(entries, at.x + 3, at.y - 2)!.run, 2);
    const column = columnAt(columns, at.x)!;
    assert.equal(column.epoch, 2);
    assert.ok(Math.abs(column.y.invert(at.y) - 0.3) < 1e-9);
    assert.equal(columnAt(columns, -20), undefined);
  });

  test('is drawn without trials, and without a number', () => {
    for (const rows of [[], [trial(9, { accuracy: null })]]) {
      const curves = new Map([[9, curve(9, [null])]]);
      const drawn = drawTournament(
        input({ rows, curves, decisions: [], bars: new Map() }),
        size,
        light,
      );
      assert.equal(drawn.entries.length, 0);
      assert.doesNotMatch(JSON.stringify(drawn.marks), /null/);
    }
  });
});

describe('a swarm of dots', () => {
  test('dots of one height stand apart, and an added one moves none', () => {
    const options = { step: 4, half: 40 };
    assert.deepEqual(swarm([10, 10, 10, 50], options), [0, 4, -4, 0]);
    assert.deepEqual(swarm([10, 10, 10, 50, 10], options).slice(0, 4), [0, 4, -4, 0]);
  });

  test('never leaves its column', () => {
    const offsets = swarm(new Array<number>(500).fill(7), { step: 4, half: 20 });
    assert.ok(Math.max(...offsets.map(Math.abs)) <= 20 + 1e-9);
    assert.equal(new Set(offsets).size, 500);
  });
});

test('trials that a selection leaves out are faint, the others are not', () => {
  const opacities = (faint: (run: number) => boolean): number[] =>
    drawTournament(input({ faint }), size, light).marks.flatMap((mark) =>
      mark.kind === 'dot' && mark.opacity !== undefined ? [mark.opacity] : [],
    );
  assert.ok(opacities(() => false).every((each) => each >= 0.5));
  assert.ok(opacities(() => true).every((each) => each < 0.1));
});
