import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paint, type Mark, type Pen } from '../../../renderer/charts/marks.ts';
import { marksSvg } from '../../../renderer/charts/marks-svg.ts';

const marks: Mark[] = [
  { kind: 'line', points: [0, 0, 1, 1, NaN, 0, 2, 2, 3, 3], stroke: '#000', width: 1, dash: '2 3' },
  { kind: 'dot', x: 1, y: 2, radius: 3, fill: '#f00', opacity: 0.5 },
  { kind: 'cross', x: 5, y: 5, radius: 2, stroke: '#00f', width: 1 },
  { kind: 'rect', x: 1, y: 1, width: 4, height: 5, fill: '#0f0' },
  { kind: 'text', x: 1, y: 2, text: '<script>"&', fill: '#000', size: 11, turn: -90, halo: '#fff' },
];

test('an SVG has every mark, interrupts lines at NaN, and escapes all text', () => {
  const svg = marksSvg(marks, {
    width: 10,
    height: 10,
    ground: '#fff',
    title: 'a < b',
    provenance: { seed: '"<x>"' },
  });
  assert.match(svg, /<path d="M0 0L1 1M2 2L3 3"/);
  assert.match(svg, /stroke-dasharray="2 3"/);
  assert.match(svg, /<circle cx="1" cy="2" r="3" fill="#f00" opacity="0.5"\/>/);
  assert.match(svg, /rotate\(-90 1 2\)/);
  assert.match(svg, /&lt;script&gt;&quot;&amp;<\/text>/);
  assert.match(svg, /<title>a &lt; b<\/title>/);
  assert.ok(!svg.includes('<script'));
  assert.ok(!svg.includes('<x>'));
});

test('painting draws the same on a canvas, and restores its opacity', () => {
  const calls: string[] = [];
  const pen = new Proxy({ globalAlpha: 1 } as unknown as Pen, {
    get: (target, name) =>
      name === 'globalAlpha'
        ? target.globalAlpha
        : (...values: unknown[]) => calls.push(`${String(name)} ${values.join(' ')}`),
    set: (target, name, value) => {
      if (name === 'globalAlpha') target.globalAlpha = value as number;
      return true;
    },
  });
  paint(pen, marks);
  assert.deepEqual(
    calls.filter((call) => call.startsWith('moveTo') || call.startsWith('lineTo')).slice(0, 4),
    ['moveTo 0 0', 'lineTo 1 1', 'moveTo 2 2', 'lineTo 3 3'],
  );
  assert.ok(calls.includes('fillRect 1 1 4 5'));
  assert.ok(calls.includes('fillText <script>"& 0 0'));
  assert.equal(pen.globalAlpha, 1);
});

test('a group shows only marks inside its rectangle, on a canvas and as SVG', () => {
  const group: Mark = { kind: 'group', clip: { left: 1, right: 5, top: 2, bottom: 8 }, marks };
  const svg = marksSvg([group], { width: 10, height: 10, ground: '#fff', title: 'part' });
  assert.match(
    svg,
    /<clipPath id="(clip-[\d-]+)"><rect x="1" y="2" width="4" height="6"\/><\/clipPath>/,
  );
  assert.match(svg, /<g clip-path="url\(#clip-1-2-5-8\)"><path/);
  const calls: string[] = [];
  const pen = new Proxy({} as Pen, {
    get:
      (_, name) =>
      (...values: unknown[]) =>
        calls.push(`${String(name)} ${values.join(' ')}`.trim()),
    set: () => true,
  });
  paint(pen, [group]);
  assert.deepEqual(calls.slice(0, 4), ['save', 'beginPath', 'rect 1 2 4 6', 'clip']);
  assert.equal(calls.at(-1), 'restore');
});

test('a text is painted in its colour', () => {
  const set: string[] = [];
  const pen = new Proxy({} as Pen, {
    get: () => () => undefined,
    set: (_, name, value) => set.push(`${String(name)} ${String(value)}`) > 0,
  });
  paint(pen, [{ kind: 'text', x: 0, y: 0, text: 'a', fill: '#123456', size: 11, bold: true }]);
  assert.ok(set.includes('fillStyle #123456') && set.some((each) => /^font 600 11px /.test(each)));
});
