import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gate, gates, paperGates } from '../../../../core/gates/gates.ts';
import { edgeOf, type Graph } from '../../../../core/graph/graph.ts';
import { template } from '../../../../core/graph/templates.ts';
import { fromText } from '../../../../core/graph/text.ts';
import { figure, IDLE } from '../../../../renderer/features/graph/figure.ts';
import { distanceToBox, overlap, sample } from '../../../../renderer/features/graph/geometry.ts';
import { MOST_GROWTH, noteBox } from '../../../../renderer/features/graph/note.ts';
import { LARGEST } from '../../../../renderer/features/graph/layout.ts';
import { captionAt, figureSvg } from '../../../../renderer/features/graph/svg.ts';
import { escapeText } from '../../../../renderer/ui/escape-text.ts';
import {
  accuracyText,
  agreement,
  edgeName,
  edgeSymbols,
  gateSymbols,
  graphName,
  lossFormula,
  nodeLoss,
} from '../../../../renderer/words/graph.ts';

const graph = fromText('resnet32=TL@2C,resnet110=XXX,wrn-28-2=TXX');

function assertNotesAreClear(shown: Graph): void {
  const { edges, nodes, layout, viewBox } = figure(shown);
  const radius = layout.letterRadius * MOST_GROWTH; // as large as a figure shows them
  const written = edges.flatMap(({ edge, letter, note }) => (note ? [{ edge, letter, note }] : []));
  const noted = shown.edges.filter(({ weight, temperature }) => weight ?? temperature);
  assert.equal(written.length, noted.length);
  const boxes = written.map(({ note }) => noteBox(note, note.text, radius));
  written.forEach(({ letter, note }, i) => {
    const box = boxes[i]!;
    assert.ok(distanceToBox(letter, box) < 6 * radius, 'near its own letter');
    assert.ok(
      Math.abs(box.x - viewBox[0] - viewBox[2] / 2) + box.halfWidth <= viewBox[2] / 2 + 0.01,
    );
    if (nodes.length <= 3)
      for (const { curve } of edges)
        assert.ok(
          sample(curve, 24).every((at) => distanceToBox(at, box) > 0),
          'no curve crosses it',
        );
    for (const other of edges)
      assert.ok(distanceToBox(other.letter, box) >= radius - 0.01, `${note.text} covers a letter`);
    for (const node of nodes) {
      assert.ok(distanceToBox(node, box) >= node.radius - 0.01);
      assert.ok(!overlap(node.caption, box));
    }
    boxes.forEach((other, j) => assert.ok(i === j || !overlap(other, box), 'notes overlap'));
  });
}

describe('the content of a figure', () => {
  test('roles, star, accuracies in brackets; Cutoff only when asked for', () => {
    const { nodes, edges } = figure(graph, [0.73456, null]);
    assert.deepEqual(
      nodes.map(({ role }) => role),
      ['target', 'pretrained', 'auxiliary'],
    );
    assert.deepEqual(
      nodes.map(({ title }) => title),
      ['ResNet32', 'ResNet110*', 'WRN-28-2'],
    );
    assert.deepEqual(
      nodes.map(({ accuracy }) => accuracy),
      ['(73.46)', '', ''],
    );
    assert.deepEqual(
      edges.map(({ edge }) => `${edge.source}-${edge.destination}`),
      ['0-1', '2-1', '3-1', '0-3'],
    );
    assert.equal(figure(graph, [], { cutoff: true }).edges.length, 9);
  });

  test('a node without a path to the target is marked as idle', () => {
    assert.deepEqual(
      figure(template('independent', ['resnet32', 'resnet32'])).nodes.map(({ idle }) => idle),
      [false, true],
    );
  });

  test('a weight or temperature is written near its letter and covers no letter, node or caption', () => {
    const models = (size: number): string[] => Array.from({ length: size }, () => 'resnet8');
    const notes = [{ temperature: 2 }, { weight: 0.125 }, { weight: 1000, temperature: 4 }];
    for (let size = 2; size <= LARGEST; size++) {
      const plain = template('dml', models(size));
      const noted = {
        ...plain,
        edges: plain.edges.map((edge, i) =>
          edge.source === 0 ? edge : { ...edge, ...notes[i % 3] },
        ),
      };
      for (const shown of [template('kd+dml', models(size)), noted]) assertNotesAreClear(shown);
    }
    assert.ok(figure(template('dml', ['resnet8', 'resnet8'])).edges.every(({ note }) => !note));
  });

  test('a lone first line of a caption stands next to its node', () => {
    const { nodes } = figure(graph, [null, 0.5, null]);
    const baselines = nodes.map(({ caption, titleY }) => [
      caption.y < 0 ? 'above' : 'below',
      titleY,
    ]);
    assert.deepEqual(baselines, [
      ['above', 13],
      ['below', -3],
      ['below', -3],
    ]);
  });

  test('scaled captions grow away from their nodes', () => {
    for (let size = 1; size <= LARGEST; size++) {
      const models = Array.from({ length: size }, () => 'resnet32');
      for (const node of figure(template('dml', models)).nodes) {
        const [before, after] = [captionAt(node), captionAt(node, 1.5)];
        assert.equal(after.x, before.x);
        if (node.caption.anchor !== 'middle') assert.equal(after.y, before.y);
        else {
          const near = Math.abs(before.y - node.y) - node.caption.halfHeight;
          const scaled = Math.abs(after.y - node.y) - 1.5 * node.caption.halfHeight;
          assert.ok(Math.abs(scaled - near) < 1e-9, 'its edge towards the node stays where it was');
        }
      }
    }
  });

  test('the places do not depend on the gates', () => {
    const other = figure(template('dml', ['resnet8', 'resnet8', 'resnet8']));
    assert.deepEqual(
      other.nodes.map(({ x, y }) => [x, y]),
      figure(graph).nodes.map(({ x, y }) => [x, y]),
    );
  });
});

describe('a figure as SVG', () => {
  test('is self-contained and well formed, in both themes, with a legend of its parts', () => {
    for (const theme of ['light', 'dark'] as const) {
      const svg = figureSvg(figure(graph, [0.7]), {
        theme,
        title: 'T <b>',
        provenance: { seed: 7 },
      });
      assert.match(svg, /^<svg xmlns/);
      assert.ok(!/href|url\(|<script|<style|<b>/.test(svg));
      const opened = svg.match(/<(svg|g|text|title|metadata)\b/g)!.length;
      const closed = svg.match(/<\/(svg|g|text|title|metadata)>/g)!.length;
      assert.equal(opened, closed);
      assert.match(svg, />Linear</);
      assert.match(svg, /Pretrained, frozen/);
      assert.ok(!svg.includes('Cutoff'));
      assert.match(svg, /stroke-dasharray="9 5"/);
    }
  });

  test('its legend names temperatures and nodes that are not trained, where there are any', () => {
    const legends = ['kd', 'independent', 'dml'].map((name) => {
      const svg = figureSvg(figure(template(name, ['resnet8', 'resnet8'])));
      return [/>τ\s+temperature</.test(svg), svg.includes(IDLE)];
    });
    assert.deepEqual(legends, [
      [true, false],
      [false, true],
      [false, false],
    ]);
  });

  test('hostile text stays text', () => {
    assert.equal(
      escapeText(`<img src=x onerror="a('&')">\u0000\ud800`),
      '&lt;img src=x onerror=&quot;a(&#39;&amp;&#39;)&quot;&gt;',
    );
    assert.equal(escapeText('😀'), '😀');
  });
});

describe('words', () => {
  test('losses and gates with their formulas', () => {
    assert.equal(lossFormula(edgeOf(graph, 0, 1)), 'a = CE(ŷ, p_1)');
    assert.equal(lossFormula(edgeOf(graph, 2, 1)), 'a = τ² · KL(p_2 || p_1), τ = 2');
    assert.match(edgeName(edgeOf(graph, 3, 1)), /^KL\(p_3 \|\| p_1\): node 3 teaches node 1.*δ/);
    assert.equal(nodeLoss(graph, 1), 'L_1 = L_0,1 + L_2,1 + L_3,1');
    assert.match(nodeLoss(graph, 2), /no loss/);
    assert.match(graphName(graph), /3 nodes \(ResNet32, ResNet110, WRN-28-2\) with 4 open edges/);
  });

  test('every symbol of a formula is explained', () => {
    for (const text of ['resnet32=TL@2C,resnet110=LXX,wrn-28-2=CTT', 'resnet8=XC@4,resnet8=LT']) {
      const shown = fromText(text);
      for (const edge of shown.edges) {
        const formulas = `${lossFormula(edge)} ${gate(edge.gate).formula}`;
        for (const symbol of [
          'ŷ',
          'y_s',
          'δ',
          'c_end',
          'τ',
          `p_${edge.source}`,
          `p_${edge.destination}`,
        ])
          if (formulas.includes(symbol))
            assert.ok(edgeSymbols(edge).includes(symbol), `${symbol}: ${edgeSymbols(edge)}`);
      }
    }
    const paper = gates.filter(({ name }) => paperGates.includes(name));
    assert.equal(gateSymbols(paper).split('; ').length, 3);
    const texts = gateSymbols(gates).split('; ');
    assert.equal(new Set(texts).size, texts.length);
  });

  test('agreement: shares of all images in words, of a label only the destination; null when nothing was counted', () => {
    const metrics = { rawLoss: 1, gatedLoss: 1, weight: 1, tt: 50, tf: 25, ft: 15, ff: 10 };
    const said = (source: number): unknown =>
      agreement(edgeOf(graph, source, 1), metrics)!.map(({ meaning, share }) => [meaning, share]);
    assert.deepEqual(said(2), [
      ['both right', 0.5],
      ['only node 2 right', 0.25],
      ['only node 1 right', 0.15],
      ['both wrong', 0.1],
    ]);
    assert.deepEqual(said(0), [
      ['node 1 right', 0.65],
      ['node 1 wrong', 0.35],
    ]);
    assert.equal(agreement(edgeOf(graph, 2, 1), { ...metrics, tt: 0, tf: 0, ft: 0, ff: 0 }), null);
  });

  test('accuracies as under a node', () => {
    assert.deepEqual(
      [accuracyText(0.70714), accuracyText(null), accuracyText(undefined), accuracyText(1)],
      ['70.71', '', '', '100.00'],
    );
  });
});
