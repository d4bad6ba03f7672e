import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { paperGates } from '../../../core/gates/gates.ts';
import type { VariantView } from '../../../core/lab/api.ts';
import {
  accuracyAxis,
  accuracyScale,
  epochScale,
  epochTicks,
  epochTicksIn,
  frameOf,
  isInside,
  zoomTo,
  type Scale,
} from '../../../renderer/charts/axes.ts';
import { barsOf, drawCurves, nearestCurve } from '../../../renderer/charts/curves.ts';
import {
  drawGates,
  gateLift,
  gateShares,
  gatesHeight,
  gatesLegend,
  cellFace,
  topTrials,
} from '../../../renderer/charts/gates.ts';
import { pictureSvg } from '../../../renderer/charts/picture.ts';
import { drawSeries, seriesLegend } from '../../../renderer/charts/series.ts';
import { drawHistory, history } from '../../../renderer/charts/history.ts';
import { nearestPoint } from '../../../renderer/charts/nearest.ts';
import { axesOf, drawParallel, trialLine } from '../../../renderer/charts/parallel.ts';
import {
  byImportance,
  defaultDimensions,
  dimensionsOf,
  passes,
} from '../../../renderer/charts/dimensions.ts';
import { drawSeeds } from '../../../renderer/charts/seeds.ts';
import { compare } from '../../../core/analysis/comparison.ts';
import { comparisonText, meanText } from '../../../renderer/words/rerun.ts';
import { light } from '../../../renderer/ui/colors.ts';
import { barAt, drawTimeline, timeTicks, timeTicksIn } from '../../../renderer/charts/timeline.ts';
import { curve, decision, trial } from '../rows.ts';

const size = { width: 400, height: 200 };

describe('axes', () => {
  test('epochs: rungs are evenly spaced, and the last epoch has its tick', () => {
    const x = epochScale(200, frameOf(size));
    assert.ok(Math.abs(x(4) - x(2) - (x(128) - x(64))) < 1e-9);
    assert.deepEqual(epochTicks(200), [1, 2, 4, 8, 16, 32, 64, 128, 200]);
    assert.deepEqual(epochTicks(8), [1, 2, 4, 8]);
    assert.deepEqual(epochTicks(70), [1, 2, 4, 8, 16, 32, 70]);
    assert.deepEqual(epochTicks(1), [1]);
  });

  test('accuracies: nothing to show, one value and extremes have a sane range', () => {
    const frame = frameOf(size);
    assert.deepEqual(accuracyScale([], frame).domain(), [0, 1]);
    const [low, high] = accuracyScale([0.5], frame).domain() as [number, number];
    assert.ok(high - low >= 0.02 && low < 0.5 && high > 0.5);
    assert.deepEqual(accuracyScale([0, 1, NaN], frame).domain(), [0, 1]);
  });
});

test('values at an axis and its name never meet, however long the values are', () => {
  const rows = [0.3301, 0.3302].map((accuracy, i) => trial(i + 1, { accuracy }));
  const texts = drawHistory(history(rows), size, light).marks.filter(
    (mark) => mark.kind === 'text',
  );
  const name = texts.find(({ turn }) => turn === -90)!;
  const values = texts.filter(({ anchor }) => anchor === 'end');
  assert.ok(values.some(({ text }) => text.length > 3));
  for (const { x, text } of values)
    assert.ok(x - 6.9 * text.length >= name.x + 1, `${text} ends at ${x}, the name at ${name.x}`);
});

describe('history', () => {
  test('best so far rises with completed trials only, as in the header; running ones come last', () => {
    const points = history([
      trial(1, { accuracy: 0.3, endedAt: 10 }),
      trial(2, { accuracy: 0.9, endedAt: null, state: 'running' }),
      trial(3, { accuracy: 0.2, endedAt: 5 }),
      trial(6, { accuracy: 0.8, endedAt: 3, state: 'stopped' }),
      trial(4, { accuracy: null, endedAt: 1, state: 'failed' }),
      trial(5, { accuracy: 0.99, endedAt: 2, state: 'duplicate' }),
    ]);
    assert.deepEqual(
      points.map(({ run, best }) => [run, best]),
      [
        [6, null],
        [3, 0.2],
        [1, 0.3],
        [2, 0.3],
      ],
    );
  });

  test('is drawn without trials and with one', () => {
    assert.equal(drawHistory([], size, light).points.length, 0);
    const { marks, points } = drawHistory(history([trial(1)]), size, light);
    assert.equal(points.length, 1);
    assert.ok(marks.every((mark) => mark.kind !== 'line' || mark.points.every(Number.isFinite)));
  });
});

describe('learning curves', () => {
  test('the bar of a rung is the value of rank limit among all recorded there', () => {
    const bars = barsOf([
      decision({ value: 0.1, n: 1, limit: 1 }),
      decision({ value: 0.4, n: 2, limit: 1 }),
      decision({ value: 0.2, n: 3, limit: 1 }),
      decision({ value: 0.3, n: 4, limit: 2 }),
      decision({ value: null, n: 4, limit: 2, go: false }),
      decision({ rung: 2, value: 0.5, rank: null, limit: null }),
    ]);
    assert.deepEqual([...bars], [[1, 0.3]]);
  });

  test('stopped trials end in a cross; NaN interrupts the line', () => {
    const rows = [trial(1, { state: 'stopped', epoch: 3 }), trial(2)];
    const curves = new Map([
      [1, curve(1, [0.1, 0.2, 0.3])],
      [2, curve(2, [0.1, null, 0.4])],
    ]);
    const drawn = drawCurves(
      {
        rows,
        curves,
        node: 1,
        epochs: 8,
        rungs: [1, 2, 4],
        bars: new Map(),
        faint: () => false,
        best: 2,
      },
      size,
      light,
    );
    assert.deepEqual(
      drawn.marks.flatMap((mark) =>
        mark.kind === 'line' && mark.width === 2.8 ? [mark.points] : [],
      ),
      [drawn.curves[1]!.points],
      'the best stands out',
    );
    assert.equal(drawn.marks.filter((mark) => mark.kind === 'cross').length, 1);
    assert.ok(Number.isNaN(drawn.curves[1]!.points[3]));
    const [x, y] = drawn.curves[0]!.points.slice(-2) as [number, number];
    assert.equal(nearestCurve(drawn.curves, x + 2, y + 2)?.run, 1);
    assert.equal(nearestCurve(drawn.curves, x, y + 500), null);
    const diagonal = [{ run: 5, points: [0, 0, 100, 100] }];
    assert.equal(nearestCurve(diagonal, 50, 60)?.run, 5, 'a place beside the middle of a step');
    assert.equal(nearestCurve(diagonal, 60, 50)?.run, 5);
    assert.equal(nearestCurve(diagonal, 50, 80), null);
  });
});

describe('learning curves where the ensemble counts', () => {
  const text = 'resnet8=TTX,resnet8=TTX,ensemble=logits.objective';
  const titleAndBars = (node: number) => {
    const { marks } = drawCurves(
      {
        rows: [trial(1, {}, text)],
        curves: new Map([[1, curve(1, [0.1, 0.2], [0.2, 0.3], [0.3, 0.4])]]),
        ...{ node, epochs: 2, rungs: [1], bars: new Map([[1, 0.2]]) },
        ...{ faint: () => false, best: null },
      },
      size,
      light,
    );
    const titles = marks.flatMap((mark) => (mark.kind === 'text' ? [mark.text] : []));
    return { titles, count: marks.length };
  };

  test('its axis names the ensemble, and the bars of rungs belong to its curve', () => {
    const [node, ensemble] = [titleAndBars(1), titleAndBars(3)];
    assert.ok(node.titles.includes('accuracy of node 1, %'), node.titles.join());
    assert.ok(ensemble.titles.includes('accuracy of the ensemble, %'), ensemble.titles.join());
    assert.ok(ensemble.count > node.count, 'bars are drawn for the ensemble alone');
  });
});

test('a gate is as much more frequent among the best as its lift, which few trials leave open', () => {
  const many = gateLift(50, 100, 0.25)!;
  assert.equal(many.lift, 2);
  assert.ok(many.low > 1.6 && many.high < 2.4);
  const few = gateLift(2, 4, 0.25)!;
  assert.ok(few.low < 1 && few.high > 3, 'an interval with 1 in it');
  assert.equal(gateLift(0, 10, 0), null);
  assert.ok(gateLift(0, 10, 0.2)!.low >= -1e-9);
});

describe('gates of the best', () => {
  test('the best are taken by the accuracy at a rung, ties by their number', () => {
    const rows = [
      trial(1, { accuracy: 0.9 }),
      trial(2, { accuracy: 0.5 }),
      trial(3, { accuracy: 0.5 }),
      trial(4, { accuracy: null }),
    ];
    const curves = new Map([
      [1, curve(1, [0.1, 0.9])],
      [2, curve(2, [0.3, 0.5])],
    ]);
    assert.deepEqual(
      topTrials(rows, curves, null, 2).map((row) => row.run),
      [1, 2],
    );
    assert.deepEqual(
      topTrials(rows, curves, 1, 3).map((row) => row.run),
      [2, 1],
    );
  });

  test('the best at a rung are those of the ensemble where its accuracy counts', () => {
    const text = 'resnet32=TTX,resnet110=TCX,ensemble=logits.objective';
    const rows = [1, 2].map((run) => trial(run, {}, text));
    const curves = new Map([
      [1, curve(1, [0.9], [0.1], [0.2])],
      [2, curve(2, [0.1], [0.2], [0.3])],
    ]);
    assert.deepEqual(
      topTrials(rows, curves, 1, 2).map((row) => row.run),
      [2, 1],
    );
  });

  test('the best at their last epoch are ranked as everywhere: a stopped trial never before a completed one', () => {
    const rows = [
      trial(1, { state: 'stopped', epoch: 2, accuracy: 0.9 }),
      trial(2, { accuracy: 0.5 }),
      trial(3, { state: 'running', epoch: 5, accuracy: 0.4 }),
    ];
    assert.deepEqual(
      topTrials(rows, new Map(), null, 3).map((row) => row.run),
      [2, 3, 1],
    );
  });

  test('a letter needs 12 pixels of its segment; below 40 pixels a cell shows its most frequent gate alone', () => {
    const rows = [
      ...Array(8).fill('resnet32=TT,resnet110=TC'),
      'resnet32=TX,resnet110=TC',
      'resnet32=TL,resnet110=TC',
    ];
    const cells = gateShares(
      rows.map((text: string, i) => trial(i + 1, {}, text)),
      2,
    );
    const { shares } = cells.find(({ source, destination }) => source === 2 && destination === 1)!;
    const letters = (width: number) =>
      cellFace(shares, width).segments.map(({ gate, letter }) => `${gate} ${letter}`);
    assert.deepEqual(letters(119), ['through true', 'cutoff false', 'linear false']);
    assert.deepEqual(letters(120), ['through true', 'cutoff true', 'linear true']);
    assert.equal(cellFace(shares, 40).narrow, false);
    const narrow = cellFace(shares, 39);
    assert.ok(narrow.narrow);
    assert.deepEqual([narrow.most.gate, narrow.most.share], ['through', 0.8]);
    assert.deepEqual(
      letters(39),
      ['through true', 'cutoff false', 'linear false'],
      'all gates stay in reach',
    );
    assert.deepEqual(letters(11)[0], 'through false');
  });

  test('shares of every edge add up to 1; graphs of another size are passed over', () => {
    const cells = gateShares(
      [trial(1), trial(2, {}, 'resnet32=TX,resnet110=LC'), trial(3, {}, 'resnet32=T')],
      2,
    );
    assert.deepEqual(
      cells.map(({ source, destination }) => `${source}-${destination}`),
      ['0-1', '2-1', '0-2', '1-2'],
    );
    for (const cell of cells)
      assert.ok(Math.abs(cell.shares.reduce((sum, each) => sum + each.share, 0) - 1) < 1e-12);
    assert.equal(cells[1]!.shares.find((each) => each.gate === 'cutoff')!.share, 0.5);
    assert.ok(gateShares([], 2).every((cell) => cell.shares.every((each) => each.share === 0)));
  });
});

describe('parallel coordinates', () => {
  const rows = [trial(1), trial(2, { accuracy: null, epoch: 0 }, 'resnet32=TX,wrn-28-2=LC')];
  const dimensions = dimensionsOf(rows);

  test('an axis per choice that varies, per edge, and for the results', () => {
    assert.deepEqual(
      dimensions.map(({ key }) => key),
      ['model 2', 'edge 0-1', 'edge 2-1', 'edge 0-2', 'edge 1-2', 'epoch', 'accuracy'],
    );
    assert.equal(defaultDimensions(dimensions).length, 7);
  });

  test('kinds, weights and temperatures that vary have axes; a Cutoff has none of them', () => {
    const parts = dimensionsOf([
      trial(1, {}, 'resnet8=TT.r_0.5,resnet8=TT@4'),
      trial(2, {}, 'resnet8=TT.a_2,resnet8=TL'),
      trial(3, {}, 'resnet8=TX,resnet8=TX'),
      trial(4, {}, 'resnet8=TT_10@4,resnet8=TX'),
    ]);
    const named = parts.filter(({ key }) => /^(kind|weight|temperature)/.test(key));
    assert.deepEqual(
      named.map(({ key, title, choices }) => [key, title, ...choices!.map(({ text }) => text)]),
      [
        ['kind 2-1', 'kind 2→1', 'Attention', 'KL', 'Repel'],
        ['weight 2-1', '× 2→1', '0.5', '2', '10'],
        ['temperature 2-1', 'τ 2→1', '1', '4'],
        ['temperature 1-2', 'τ 1→2', '1', '4'],
      ],
    );
    const values = (text: string): (number | null)[] =>
      named.map(({ value }) => value(trial(9, {}, text)));
    assert.deepEqual(values('resnet8=TX,resnet8=TX'), [null, null, null, null]);
    assert.deepEqual(values('resnet8=TT.a_2,resnet8=TT'), [0, 1, null, 0]);
    const sorted = byImportance(parts, new Map([['kind 2-1', 1]]));
    assert.equal(sorted[0]!.key, 'kind 2-1');
  });

  test('a brush keeps values inside it and drops trials without a value', () => {
    assert.ok(passes(rows[0]!, dimensions, { accuracy: [0.4, 0.6] }));
    assert.ok(!passes(rows[1]!, dimensions, { accuracy: [0, 1] }));
    assert.ok(passes(rows[1]!, dimensions, { 'edge 2-1': [0.5, 1.5] }));
    assert.ok(!passes(rows[0]!, dimensions, { 'edge 2-1': [0.5, 1.5] }));
  });

  test('lines cross the axes in their places, with a gap where there is no value', () => {
    const { axes } = axesOf(dimensions, rows, size);
    const line = trialLine(rows[1]!, axes);
    assert.equal(line.length, 2 * axes.length);
    assert.ok(Number.isNaN(line.at(-1)));
    for (const { y, invert } of axes) assert.ok(Math.abs(invert(y(0.3)) - 0.3) < 1e-9);
  });

  test('an axis on which all trials are equal shows their value once', () => {
    const equal = [trial(1), trial(2)];
    const { axes, frame } = axesOf(dimensionsOf(equal), equal, size);
    const marks = drawParallel(axes, frame, equal, light, () => true);
    const words = marks.flatMap((mark) => (mark.kind === 'text' ? [mark.text] : []));
    assert.deepEqual(
      [words.filter((word) => word === '8'), words.filter((word) => word === '50.0')],
      [['8'], ['50.0']],
    );
  });

  test('networks have their full names where axes stand far apart', () => {
    const wordsAt = (width: number): string[] => {
      const { axes, frame } = axesOf(dimensions, rows, { width, height: 200 });
      return drawParallel(axes, frame, rows, light, () => true).flatMap((mark) =>
        mark.kind === 'text' ? [mark.text] : [],
      );
    };
    assert.ok(wordsAt(1200).includes('ResNet110') && !wordsAt(400).includes('ResNet110'));
    assert.ok(wordsAt(400).includes('R110'));
  });
});

describe('timeline', () => {
  const attempt = {
    run: 1,
    number: 1,
    slot: 'gpu:0',
    fromEpoch: 0,
    environment: null,
    startedAt: 1000,
    endedAt: 5000,
    outcome: 'completed' as const,
  };

  test('bars lie in their slot, running ones end now, and the pointer finds them', () => {
    const attempts = [
      attempt,
      { ...attempt, run: 2, slot: 'gpu:10', startedAt: 3000, endedAt: null, outcome: null },
      { ...attempt, run: 3, slot: 'gpu:2' },
    ];
    const { bars } = drawTimeline(attempts, new Map(), 9000, size, light);
    const [first, running, other] = bars;
    assert.ok(first!.y < other!.y && other!.y < running!.y, 'gpu:2 comes before gpu:10');
    assert.ok(running!.x + running!.width > first!.x + first!.width);
    assert.equal(barAt(bars, running!.x + 2, running!.y + 2)?.run, 2);
    assert.equal(barAt(bars, 0, 0), null);
    assert.ok(drawTimeline([], new Map(), 9000, size, light).marks.length > 0);
    // Seconds are the axis's unit: every attempt stays between its ends.
    for (const { x, width } of bars) assert.ok(x >= 0 && x + width <= size.width, `${x} ${width}`);
    assert.ok(running!.width > 20, 'a running attempt reaches to now');
  });

  test('ticks are round times', () => {
    assert.deepEqual(timeTicks(3 * 3600, 4), [0, 3600, 7200, 10_800]);
    assert.deepEqual(timeTicks(90, 4), [0, 30, 60, 90]);
    assert.ok(timeTicks(86_400 * 300, 6).length <= 7);
  });
});

describe('seeds', () => {
  const variant = (change: Partial<VariantView>): VariantView => ({
    name: 'graph',
    graph: trial(1).graph,
    runs: [trial(7, { seed: 11 }), trial(8, { seed: 12 })],
    values: [
      { seed: 11, accuracy: 0.7 },
      { seed: 12, accuracy: 0.72 },
    ],
    mean: 0.71,
    standardDeviation: 0.0141421,
    difference: null,
    comparison: null,
    ...change,
  });

  test('mean and deviation in percent, as far as they are known', () => {
    assert.equal(meanText(0.7346, 0.0042), '73.46 ± 0.42');
    assert.equal(meanText(0.7346, null), '73.46');
    assert.equal(meanText(null, null), '');
  });

  test('a comparison is said with its paired interval and what it means', () => {
    const seeds = (...values: number[]) => new Map(values.map((value, seed) => [seed, value]));
    const [better, same, alone] = compare(seeds(0.726, 0.729, 0.724, 0.728, 0.73), [
      seeds(0.701, 0.706, 0.698, 0.704, 0.703),
      seeds(0.725, 0.73, 0.722, 0.729, 0.731),
      seeds(0.7),
    ]);
    assert.equal(
      comparisonText({ name: 'kd', comparison: better! }),
      '+2.50 points against KD, 95 % interval +2.30 to +2.70 (equal seeds): significant at 5 % after correction',
    );
    assert.equal(
      comparisonText({ name: 'dml', comparison: same! }),
      '+0.00 points against DML, 95 % interval −0.18 to +0.18 (equal seeds): not significant at 5 % after correction',
    );
    assert.equal(comparisonText({ name: 'kd', comparison: alone! }), '');
    assert.equal(comparisonText({ name: 'graph', comparison: null }), '');
  });

  test('a dot per value that leads to its run; references of equal value do not cover each other', () => {
    const reference = {
      table: 1 as const,
      title: 'x',
      nodes: 2,
      method: 'dml' as const,
      mean: 0.7,
      standardDeviation: 0.01,
      comparison: null,
    };
    const { dots, marks } = drawSeeds(
      [
        variant({}),
        variant({ name: 'kd', runs: [], values: [], mean: null, standardDeviation: null }),
      ],
      [reference, reference],
      size,
      light,
    );
    assert.deepEqual(
      dots.map(({ run }) => run),
      [7, 8],
    );
    const names = marks.filter((mark) => mark.kind === 'text' && mark.text.endsWith(' x'));
    assert.equal(names.length, 2);
    assert.ok(Math.abs((names[0] as { y: number }).y - (names[1] as { y: number }).y) >= 12);
  });
});

test('of equal graphs the runs are drawn once, under all their names', () => {
  const runs = [trial(7, { seed: 11 }), trial(8, { seed: 12 })];
  const values = runs.map(({ seed }, i) => ({ seed, accuracy: 0.7 + i / 100 }));
  const variant = (name: VariantView['name'], own = runs): VariantView => ({
    name,
    graph: runs[0]!.graph,
    runs: own,
    values: own === runs ? values : [],
    mean: null,
    standardDeviation: null,
    difference: null,
    comparison: null,
  });
  const { dots, marks } = drawSeeds(
    [variant('graph', [trial(9)]), variant('dml'), variant('kd', []), variant('all-through')],
    [],
    size,
    light,
  );
  assert.deepEqual(
    dots.map(({ run }) => run),
    [7, 8],
  );
  const named = (title: string) => {
    const found = marks.find((mark) => mark.kind === 'text' && mark.text === title);
    assert.ok(found?.kind === 'text', title);
    return found;
  };
  const colours = marks.flatMap((mark) => (mark.kind === 'dot' ? [mark.fill] : []));
  assert.ok(colours.length > 0 && colours.every((each) => each === light.quiet), 'a baseline');
  const own = drawSeeds([variant('graph')], [], size, light).marks;
  assert.ok(
    own.some((mark) => mark.kind === 'dot' && mark.fill === light.focus),
    'the graph',
  );
  assert.equal(named('DML').x, named('All-Through').x);
  assert.ok(named('DML').y + 12 < named('All-Through').y);
  assert.ok(named('This graph').x < named('DML').x && named('DML').x < named('KD').x);
});

test('ticks of an accuracy axis are distinct at any height of the chart', () => {
  for (const [height, ends] of [
    [200, [0.66, 0.74]],
    [900, [0.66, 0.74]],
    [900, [0.1, 0.9]],
  ] as const) {
    const frame = frameOf({ width: 400, height });
    const texts = accuracyAxis(accuracyScale(ends, frame), frame, light).flatMap((mark) =>
      mark.kind === 'text' && mark.turn === undefined ? [mark.text] : [],
    );
    assert.ok(texts.length > 2);
    assert.equal(new Set(texts).size, texts.length, texts.join(' '));
  }
});

test('the nearest point: the last of equally near ones, none beyond reach', () => {
  const points = [
    { run: 1, x: 0, y: 0 },
    { run: 2, x: 0, y: 0 },
  ];
  assert.equal(nearestPoint(points, 3, 4)?.run, 2);
  assert.equal(nearestPoint(points, 30, 40), null);
});

describe('saved figures', () => {
  test('series: an axis for fractions or quantities, a gap where nothing was measured, a legend that wraps', () => {
    const series = Array.from({ length: 6 }, (_, i) => ({
      title: `node ${i + 1} with quite a long name`,
      color: '#000',
      values: [0.1, null, 0.4],
    }));
    const how = { epochs: 8, rungs: [1, 2], percent: true, name: 'accuracy' };
    const { marks } = drawSeries(series, how, size, light);
    const lines = marks.filter((mark) => mark.kind === 'line' && mark.width === 2);
    assert.equal(lines.length, 6);
    assert.ok(lines[0]?.kind === 'line' && lines[0].points.some(Number.isNaN));
    const svg = pictureSvg(marks, size, 'x', seriesLegend(series));
    assert.ok(!svg.includes('NaN'));
    assert.ok(
      Number(/height="(\d+)/.exec(svg)![1]) > size.height + 24,
      'the legend has more than one line',
    );
    assert.ok(
      !pictureSvg(
        drawSeries([], { ...how, percent: false }, size, light).marks,
        size,
        'x',
      ).includes('NaN'),
    );
  });

  test('gates: a cell per edge with its most frequent gate', () => {
    const cells = gateShares([trial(1), trial(2)], 2);
    const draw = (shown: typeof cells) =>
      drawGates(shown, 2, { width: 400, height: gatesHeight(2) }, light);
    const marks = draw(cells);
    const bars = (drawn: typeof marks) => drawn.filter(({ kind }) => kind === 'rect').length;
    assert.equal(bars(marks), 4 * paperGates.length);
    const words = marks.filter((mark) => mark.kind === 'text').map(({ text }) => text);
    assert.ok(words.includes('C 100 %') && words.includes('from 2') && words.includes('into 1'));
    assert.equal(gatesLegend(cells, light).length, 4);
    const more = gateShares([trial(1), trial(2, {}, 'resnet32=TS,resnet110=TC')], 2);
    assert.equal(bars(draw(more)), 4 * (paperGates.length + 1), 'another gate that occurs');
    assert.equal(gatesLegend(more, light).length, 5);
  });
});

describe('a part of a chart', () => {
  const rows = [
    trial(1, { accuracy: 0.2 }),
    trial(2, { accuracy: 0.6 }),
    trial(3, { accuracy: 0.62 }),
    trial(4, { accuracy: 0.9 }),
  ];
  const two = (run: number): boolean => run === 2 || run === 3;
  const near = (scale: Scale, low: number, high: number): void => {
    const [from, to] = scale.domain() as [number, number];
    assert.ok(from <= low && to >= high && to - from < 2 * (high - low) + 0.05, `${from}..${to}`);
  };

  test('scales fit the trials that pass the filter, and marks outside are cut off', () => {
    const points = history(rows);
    const drawn = drawHistory(points, size, light, () => false, { fits: two });
    near(drawn.y, 0.6, 0.62);
    assert.deepEqual(drawn.x.domain(), [2, 3]);
    assert.deepEqual(
      drawn.points.map(({ run }) => run),
      [2, 3],
    );
    const clipped = drawn.marks.filter((mark) => mark.kind === 'group');
    assert.deepEqual(clipped[0]!.clip, drawn.frame);
    const all = drawHistory(points, size, light, () => false, { fits: () => false });
    near(all.y, 0.2, 0.9);
    const curves = new Map(
      rows.map(({ run, accuracy }) => [run, curve(run, [0.1, accuracy], [0, 0])]),
    );
    const input = {
      rows,
      curves,
      node: 1,
      epochs: 8,
      rungs: [1],
      bars: new Map(),
      faint: () => false,
      best: 1,
    };
    assert.deepEqual(drawCurves(input, size, light).x.domain(), [1, 8]);
    const fitted = drawCurves({ ...input, view: { fits: two } }, size, light);
    assert.deepEqual(fitted.x.domain(), [1, 2]);
    near(fitted.y, 0.1, 0.62);
  });

  test('a rectangle that is drawn zooms in the directions in which it is large enough', () => {
    const drawn = drawHistory(history(rows), size, light);
    const { left, top } = drawn.frame;
    assert.equal(zoomTo(drawn, { x: left, y: top }, { x: left + 5, y: top + 5 }), null, 'a click');
    const wide = zoomTo(drawn, { x: left + 100, y: top }, { x: left + 5, y: top + 5 })!;
    assert.equal(wide.y, null);
    assert.ok(wide.x![0] < wide.x![1]);
    const zoom = zoomTo(drawn, { x: left - 50, y: top + 20 }, { x: left + 100, y: top + 80 })!;
    const again = drawHistory(history(rows), size, light, () => false, { zoom, fits: two });
    assert.deepEqual(again.y.domain(), zoom.y);
    assert.deepEqual(again.x.domain(), zoom.x);
    const inside = again.points.every(({ x, y }) => isInside({ x, y }, again.frame));
    assert.ok(inside);
  });

  test('an axis of parallel coordinates fits the filtered trials, unless it has a brush', () => {
    const dimensions = dimensionsOf(rows);
    const brushed = (dimension: { key: string }) =>
      dimension.key === 'accuracy' ? rows : rows.slice(1, 3);
    const ends = (fitted?: typeof brushed) =>
      axesOf(dimensions, rows, size, fitted).axes.find(
        ({ dimension }) => dimension.key === 'accuracy',
      )!.ends;
    assert.deepEqual(ends(brushed), [0.9, 0.2]);
    assert.deepEqual(
      ends(() => rows.slice(1, 3)),
      [0.62, 0.6],
    );
    assert.deepEqual(
      ends(() => []),
      [0.9, 0.2],
    );
  });

  test('ticks of a part are round, and whole epochs where powers of two are too few', () => {
    assert.deepEqual(epochTicksIn(200, [2.5, 7.9]), [3, 4, 5, 6, 7]);
    assert.deepEqual(epochTicksIn(200, [1, 70]), [1, 2, 4, 8, 16, 32, 64]);
    assert.deepEqual(epochTicksIn(8, null), [1, 2, 4, 8]);
    assert.deepEqual(timeTicksIn([65, 200], 5), [90, 120, 150, 180]);
  });
});
