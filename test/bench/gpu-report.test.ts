import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, mock, test } from 'node:test';
import type { Measured } from '../../core/workers/measure-card.ts';
import { barsOf, type GpuCase, readReport, type ReportLine } from './gpu-report.ts';
import { recommended, type Runs } from './precision.ts';
import { bench, measuredPrices, priceOf } from './price.ts';

const measured = (msPerStep: number, compileSeconds: number, epochSeconds?: number): Measured => ({
  device: 'GPU 0, Card',
  compileSeconds,
  msPerStep,
  repeats: true,
  memory: 1e9,
  ...(epochSeconds !== undefined && {
    epoch: { steps: 781, seconds: epochSeconds, stepSeconds: epochSeconds / 1.04 },
  }),
});
const one = (arch: string, precision: 'tf32' | 'bfloat16', epochSeconds: number): GpuCase => ({
  arch,
  precision,
  cold: measured(4, 20),
  cached: measured(4, 1.5, epochSeconds),
  pytorch: { eager: 13, graph: 3.8 },
  jax: 4,
  problems: [],
});
const lineOf = (found: GpuCase): ReportLine => ({ case: { ...found, bars: barsOf(found) } });

/** What the bench prints: words for people among the lines. */
const printed = [
  'Card, driver 580.1; batch 64, 100 classes, 300 steps each',
  { card: { title: 'Card', driver: '580.1', memory: 80e9 } },
  'resnet32, tf32\n  4.00 ms a step',
  lineOf(one('resnet32', 'bfloat16', 2)),
  lineOf(one('resnet32', 'tf32', 3)),
  lineOf(one('resnet110', 'tf32', 9)),
  lineOf({ ...one('wrn-28-2', 'tf32', 6), jax: undefined }),
  lineOf({
    arch: 'resnet32+resnet110',
    precision: 'tf32',
    problems: ['cold: a worker ended by SIGKILL'],
  }),
  {
    packing: {
      ...{
        format: 'ktg-packing',
        version: 1,
        card: 'Card',
        driver: '580.1',
        engine: 'TensorFlow 2.21.0',
        work: '',
        shared: true,
      },
      measurements: [
        { slots: 1, stepsPerSecond: 200, memory: null },
        { slots: 4, stepsPerSecond: 500, memory: null },
      ],
      choice: { slots: 4, reason: '' },
      bars: [],
    },
  } satisfies ReportLine,
]
  .map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
  .join('\n');

describe('the precision that is recommended', () => {
  const runs = (precision: Runs['precision'], seconds: number, ...ends: number[]): Runs[] =>
    (['through', 'cutoff'] as const).map((gate) => ({
      gate,
      precision,
      accuracies: ends.map((end) => [0.1, end]),
      seconds: [seconds],
    }));
  const usual = runs('float32', 9, 0.7, 0.71, 0.69);

  test('is the fastest that is not worse by more than seeds differ', () => {
    const tf32 = runs('tf32', 4, 0.705, 0.7, 0.695);
    const { precision, reasons } = recommended([
      ...usual,
      ...tf32,
      ...runs('bfloat16', 3, 0.6, 0.61, 0.605),
    ]);
    assert.equal(precision, 'tf32');
    assert.match(
      reasons.join('\n'),
      /^tf32: 0\.00 % .* 2\.25 times as fast: no worse that these seeds show, and faster\nbfloat16: -9\.50 % .*: worse$/,
    );
    assert.equal(
      recommended([...usual, ...tf32, ...runs('bfloat16', 3, 0.7, 0.71, 0.685)]).precision,
      'bfloat16',
    );
    assert.equal(
      recommended([...usual, ...runs('bfloat16', 10, 0.7, 0.71, 0.69)]).precision,
      'float32',
      'not faster',
    );
  });
});

describe('what is measured on a card', () => {
  test('stands beside its bars, each met or not', () => {
    const bars = barsOf(one('resnet32', 'tf32', 3));
    assert.deepEqual(
      bars.map(({ name, value, met }) => [name, Number(value.toFixed(3)), met]),
      [
        ['of a CUDA graph', 1.053, false],
        ['times as fast as PyTorch eager', 3.25, true],
        ['epoch over its steps', 1.04, true],
        ['epoch over as many steps of JAX', 0.96, true],
        ['s to compile', 20, true],
        ['s from the cache', 1.5, true],
      ],
    );
    assert.deepEqual(
      barsOf({ arch: 'resnet32', precision: 'tf32', cold: measured(4, 50) }).map(
        ({ name, met }) => [name, met],
      ),
      [['s to compile', false]],
      'what was not measured has no bar',
    );
  });

  test('is read again as it was printed, also where it ended early', () => {
    const { card, cases, packing } = readReport(printed);
    assert.equal(card.title, 'Card');
    assert.deepEqual(
      cases.map(({ arch, precision }) => `${arch} ${precision}`),
      [
        'resnet32 bfloat16',
        'resnet32 tf32',
        'resnet110 tf32',
        'wrn-28-2 tf32',
        'resnet32+resnet110 tf32',
      ],
    );
    assert.equal(packing!.choice.slots, 4);
    assert.equal(readReport(printed.slice(0, printed.indexOf('{"packing"'))).packing, null);
    assert.throws(() => readReport('PyTorch did not run'), { code: 'bench.no-report' });
  });

  test('prices a search by epochs in one precision, with compilation, and by several workers a card', () => {
    const report = readReport(printed);
    const { prices, gain, source } = measuredPrices(report, 'tf32');
    assert.deepEqual([prices.resnet110.epoch, gain, source], [9, 2.5, 'measured on Card, tf32']);
    // 3 s and twice the mean of 3, 9 and 6; 28 programs of 3 x 20 s, 1,500 trials of 3 x 1.5 s
    const { epochSeconds, training, compiling } = priceOf(prices, gain, 3, 8000, 1500);
    assert.equal(epochSeconds, 15);
    assert.equal(training, (8000 * 15) / 2.5 / 3600);
    assert.equal(compiling, (28 * 60 + 1500 * 4.5) / 3600);
    assert.throws(
      () => measuredPrices(report, 'bfloat16'),
      /resnet110 in bfloat16 was not measured: .*--arch resnet110/,
    );
  });

  test('is taken by bench -- price', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ktg-price-'));
    const said = mock.method(console, 'log', () => undefined);
    try {
      const file = join(folder, 'measured');
      writeFileSync(file, printed);
      assert.equal(await bench(['--trials', '10', '--measured', file, '--json']), 0);
      const { source, rows } = JSON.parse(said.mock.calls.at(-1)!.arguments[0] as string) as {
        source: string;
        rows: { hours: number }[];
      };
      assert.equal(source, 'measured on Card, tf32');
      assert.ok(rows.length === 4 && rows.every(({ hours }) => hours > 0));
    } finally {
      said.mock.restore();
      rmSync(folder, { recursive: true });
    }
  });
});
