import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gates } from '../../../core/gates/gates.ts';
import { fromText } from '../../../core/graph/text.ts';
import { fingerprint, gateSign } from '../../../renderer/charts/fingerprint.ts';

test('rows learn, columns teach: the label first, the target on top', () => {
  const shown = fingerprint(fromText('resnet32=TLC,resnet110=XXX,wrn-28-2=CTL'), 80);
  const at = (source: number, destination: number) =>
    shown.cells.find(({ edge }) => edge.source === source && edge.destination === destination)!;
  assert.equal(shown.cells.length, 9);
  assert.deepEqual(
    [at(0, 1).gate.letter, at(2, 1).gate.letter, at(3, 1).gate.letter],
    ['T', 'L', 'C'],
  );
  assert.ok(at(0, 1).x < at(2, 1).x && at(2, 1).x < at(3, 1).x);
  assert.ok(at(0, 1).y < at(0, 2).y && at(0, 2).y < at(0, 3).y);
  assert.deepEqual([shown.width, shown.height], [80, 60]);
  assert.deepEqual(
    shown.nodes.map(({ role }) => role),
    ['target', 'pretrained', 'auxiliary'],
  );
});

test('letters appear where they can be read; else every gate has a sign of its own', () => {
  const graph = fromText('resnet32=TT,resnet110=TC');
  assert.equal(fingerprint(graph, 30).letters, false);
  assert.equal(fingerprint(graph, 60).letters, true);
  const signs = gates.map((gate) => gateSign(gate, 10));
  assert.equal(new Set(signs).size, gates.length);
});

test('cells of seven nodes stay inside, and do not overlap, in a strip of the table', () => {
  const nodes = Array.from({ length: 7 }, () => 'resnet32=TTTTTTT').join(',');
  const { cells, side, height } = fingerprint(fromText(nodes), 40);
  assert.equal(cells.length, 49);
  assert.ok(side >= 3);
  for (const { x, y } of cells) assert.ok(x + side <= 40 && y + side <= height);
  assert.equal(new Set(cells.map(({ x, y }) => `${x} ${y}`)).size, 49);
});

test('the first cell begins half a gap from the edge, and signs stay inside their cells', () => {
  const { cells, gap, side } = fingerprint(fromText('resnet32=TT,resnet110=TC'), 60);
  assert.deepEqual([Math.min(...cells.map(({ x }) => x)), gap, side], [0.5, 1, 19]);
  for (const gate of gates) {
    const [, x = '0', y = '0'] = /^M([\d.]+) ([\d.]+)/.exec(gateSign(gate, 10)) ?? [];
    assert.ok(Number(x) <= 10 && Number(y) <= 10, gate.name);
  }
  const radius = /a([\d.]+) /i.exec(
    gateSign(
      gates.find(({ name }) => name === 'correct')!,
      10,
    ),
  );
  assert.ok(radius && Number(radius[1]) < 5, 'a disc fits into its cell');
});
