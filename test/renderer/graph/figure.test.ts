import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { edgeOf } from '../../../core/graph/graph.ts';
import { template } from '../../../core/graph/templates.ts';
import { fromText } from '../../../core/graph/text.ts';
import { figure } from '../../../renderer/graph/figure.ts';
import { LARGEST } from '../../../renderer/graph/layout.ts';
import { captionAt, escapeText, figureSvg } from '../../../renderer/graph/svg.ts';
import {
  accuracyText,
  agreement,
  edgeName,
  graphName,
  lossFormula,
  nodeLoss,
} from '../../../renderer/graph/words.ts';

const graph = fromText('resnet32=TL@2C,resnet110=XXX,wrn-28-2=TXX');

describe('what a figure shows', () => {
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
    assert.equal(figure(graph, [], true).edges.length, 9);
  });

  test('a node without a path to the target is marked as idle', () => {
    assert.deepEqual(
      figure(template('independent', ['resnet32', 'resnet32'])).nodes.map(({ idle }) => idle),
      [false, true],
    );
  });

  test('a lone first line of a caption stands next to its node', () => {
    const { nodes } = figure(graph, [null, 0.5, null]);
    const baselines = nodes.map(({ caption, titleY }) => [caption.y < 0 ? 'above' : 'below', titleY]);
    assert.deepEqual(baselines, [['above', 13], ['below', -3], ['below', -3]]); // prettier-ignore
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
  test('is self-contained and well formed, in both themes, with a legend of what occurs', () => {
    for (const theme of ['light', 'dark'] as const) {
      const svg = figureSvg(figure(graph, [0.7]), { theme, title: 'T <b>', provenance: { seed: 7 } });
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
    assert.equal(lossFormula(edgeOf(graph, 2, 1)), 'a = 2² · KL(p_2 || p_1), T = 2');
    assert.match(edgeName(edgeOf(graph, 3, 1)), /^KL\(p_3 \|\| p_1\): node 3 teaches node 1.*δ/);
    assert.equal(nodeLoss(graph, 1), 'L_1 = L_0,1 + L_2,1 + L_3,1');
    assert.match(nodeLoss(graph, 2), /no loss/);
    assert.match(graphName(graph), /3 nodes \(ResNet32, ResNet110, WRN-28-2\) with 4 open edges/);
  });

  test('agreement: shares of all images, null when nothing was counted', () => {
    const edge = { rawLoss: 1, gatedLoss: 1, weight: 1, tt: 50, tf: 25, ft: 15, ff: 10 };
    assert.deepEqual(
      agreement(edge)!.map(({ code, share }) => [code, share]),
      [
        ['TT', 0.5],
        ['TF', 0.25],
        ['FT', 0.15],
        ['FF', 0.1],
      ],
    );
    assert.equal(agreement({ ...edge, tt: 0, tf: 0, ft: 0, ff: 0 }), null);
  });

  test('accuracies as under a node', () => {
    assert.deepEqual(
      [accuracyText(0.70714), accuracyText(null), accuracyText(undefined), accuracyText(1)],
      ['70.71', '', '', '100.00'],
    );
  });
});
