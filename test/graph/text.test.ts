import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LabError } from '../../core/base/errors.ts';
import {
  describeEdge,
  describeGraph,
  judgedTitle,
  nodeTitle,
  outputTitle,
} from '../../core/graph/describe.ts';
import { checkGraph } from '../../core/graph/check.ts';
import { toDot } from '../../core/graph/dot.ts';
import { edgeOf } from '../../core/graph/graph.ts';
import { template } from '../../core/graph/templates.ts';
import { parseGraph } from '../../core/graph/parse.ts';
import { fromText, toText } from '../../core/graph/text.ts';
import { anyGraph } from './arbitrary.ts';

describe('the one-line form', () => {
  test('round trips and needs no quotes in a shell', () => {
    fc.assert(
      fc.property(anyGraph(7), (graph) => {
        const text = toText(graph);
        assert.match(text, /^[\w=@%,.:/+-]+$/);
        assert.deepEqual(fromText(text), graph);
      }),
    );
  });

  test('reads small letters, spaces and other spellings', () => {
    assert.equal(
      toText(fromText(' ResNet32=tc@2 , wrn_28_2=xx:a b.safetensors ')),
      'resnet32=TC@2,wrn-28-2=XX:a%20b.safetensors',
    );
  });

  test('writes and reads kinds, weights and ensembles', () => {
    for (const text of [
      'resnet32=T_0.1T_0.9@4,resnet8=XX',
      'resnet32=TT.a_1000,resnet8=XX',
      'resnet32=TS.ar_3N.r@4,resnet8=TTM,resnet8=TTX',
      'resnet32=TTT.r_0.5@2,resnet8=TTC,ensemble=probabilities.objective:2',
      'resnet8=TX,ensemble=logits',
    ]) {
      const graph = fromText(text);
      assert.equal(toText(graph), text);
      assert.equal(graph.version, 2);
      assert.deepEqual(parseGraph(JSON.parse(JSON.stringify(graph))), graph);
    }
    assert.equal(fromText('resnet32=TC@2,resnet8=LX').version, 1);
    assert.equal(toText(fromText('resnet8=tt.AR_2,resnet8=tx')), 'resnet8=TT.ar_2,resnet8=TX');
    const all = 'resnet8=TT@2X,resnet8=TTX,ensemble=logits';
    assert.equal(toText(fromText(`${all}:1+2`)), all);
  });

  const bad: [text: string, at: number, message: RegExp][] = [
    ['', 1, /found the end, expected a model/],
    ['resnet32', 9, /expected "="/],
    ['resnet32=', 10, /T \(Through\), X \(Cutoff\)/],
    ['resnet32=Q', 10, /found "Q", expected a gate/],
    ['resnet31=T', 1, /found "resnet31=T", expected a model/],
    ['resnet32=TT', 10, /one gate per source of resnet32, 1 in all/],
    ['resnet32=T,resnet8=TT', 10, /one gate per source of resnet32, 2 in all/],
    ['resnet32=T,', 12, /expected a model/],
    ['resnet32=T resnet8', 12, /found "resnet8", expected ","/],
    ['resnet32=T@2T,resnet8=TT', 11, /labels are not softened/],
    ['resnet32=TT@0,resnet8=TT', 13, /temperature above 0/],
    ['resnet32=TT@,resnet8=TT', 13, /temperature above 0/],
    ['resnet32=TT@9999,resnet8=TT', 13, /at most 1000/],
    ['resnet32=T.r', 11, /label edges have the cross-entropy/],
    ['resnet32=TT.q,resnet8=TT', 13, /a kind: ar \(Attention, repel\)/],
    ['resnet32=TT_x,resnet8=TT', 13, /a weight from 0 to 1000000/],
    ['resnet32=TT,resnet8=TT,ensemble=logits', 10, /3 in all.*then the ensemble's/],
    ['resnet32=TT,ensemble=sum', 22, /logits or probabilities/],
    ['resnet32=T:', 12, /checkpoint/],
    ['resnet32=T:%E0%', 12, /checkpoint/],
    [Array(8).fill('resnet8=TTTTTTTT').join(), 120, /no more than 7 nodes/],
  ];
  for (const [text, at, message] of bad) {
    test(`gives the position of the error in "${text.slice(0, 30)}"`, () => {
      assert.throws(
        () => fromText(text),
        (error) => {
          assert.ok(error instanceof LabError && error.code === 'graph.bad-text-form');
          assert.match(error.message, new RegExp(`character ${at}: `));
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  test('any text gives a graph or a LabError', () => {
    const pieces = fc.constantFrom(
      'resnet8',
      '=',
      'T',
      'x',
      '@',
      '2',
      ',',
      ':',
      'a',
      '.r',
      '_',
      'ensemble=',
      'logits',
      ' ',
      '%',
      '\0',
      '\uD800',
    );
    fc.assert(
      fc.property(
        fc.array(pieces).map((parts) => parts.join('')),
        (text) => {
          try {
            assert.deepEqual(fromText(toText(fromText(text))), fromText(text));
          } catch (error) {
            assert.ok(error instanceof LabError, String(error));
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('in words', () => {
  const graph = fromText('resnet32=TL@2X,resnet110=XXX:best,wrn-28-2=CTX');

  test('an edge names teacher and learner', () => {
    assert.equal(
      describeEdge(edgeOf(graph, 0, 1)),
      'KL(p_0 || p_1): the label teaches node 1 (Through)',
    );
    assert.equal(
      describeEdge(edgeOf(graph, 2, 1)),
      'KL(p_2 || p_1): node 2 teaches node 1 (Linear, temperature 2)',
    );
    assert.equal(
      describeEdge(edgeOf(graph, 3, 1)),
      'KL(p_3 || p_1): node 3 does not teach node 1 (Cutoff)',
    );
  });

  test('a node names its teachers', () => {
    assert.equal(nodeTitle(graph, 2), 'ResNet110*');
    assert.deepEqual(describeGraph(graph).split('\n'), [
      'node 1, ResNet32 (Target): learns from the label (Through) and node 2 (Linear, temperature 2)',
      'node 2, ResNet110* (Pretrained, frozen): learns nothing, loads best',
      'node 3, WRN-28-2 (Auxiliary): learns from the label (Correct) and node 1 (Through)',
    ]);
  });
});

test('an ensemble names its voters', () => {
  const words = (text: string): string => describeGraph(fromText(text)).split('\n').at(-1)!;
  const all = 'resnet8=TTX,resnet8=TTX,ensemble';
  assert.equal(words(`${all}=logits`), 'node 3, Ensemble: mean of the logits of nodes 1 and 2');
  assert.equal(
    words(`${all}=probabilities.objective:2`),
    'node 3, Ensemble: mean of the probabilities of node 2; its accuracy counts',
  );
});

describe('the judged output', () => {
  const [plain, ensemble] = [
    fromText('resnet8=TT,resnet8=TT'),
    fromText('resnet8=TTX,resnet8=TTX,ensemble=logits.objective'),
  ];

  test('is node 1, or the ensemble where its accuracy counts', () => {
    assert.equal(judgedTitle(plain), 'node 1');
    assert.equal(judgedTitle(ensemble), 'the ensemble');
    assert.equal(judgedTitle(fromText('resnet8=TX,ensemble=logits')), 'node 1');
    assert.equal(judgedTitle(ensemble, plain, plain), 'the ensemble or node 1');
  });

  test('stands among the outputs', () => {
    assert.deepEqual(
      [1, 2, 3].map((number) => outputTitle(ensemble, number)),
      ['node 1', 'node 2', 'the ensemble'],
    );
  });

  test('is named by the note of a node that cannot change it', () => {
    const apart = fromText('resnet8=TXX,resnet8=TXX,ensemble=logits.objective:2');
    const notes = checkGraph(apart).map(({ message }) => message);
    assert.deepEqual(notes, [
      'No path of open edges leads from node 1 to the ensemble: not trained, ' +
        'because the result would not change.',
    ]);
  });
});

describe('DOT', () => {
  test('draws open edges in the colours and lines of their gates, accuracies in brackets', () => {
    const dot = toDot(template('kd', ['resnet32', 'resnet110']), [0.71234]);
    assert.match(dot, /^digraph "KD" \{\n/);
    assert.match(dot, /1 \[label="ResNet32\\n\(71\.23\)", color="#d8343f"\]/);
    assert.match(dot, /2 \[label="ResNet110\*", color="#3f7fe0"\]/);
    assert.match(dot, /2 -> 1 \[label="T, τ = 2", color="#9445d8".*style="solid"/);
    assert.doesNotMatch(dot, /-> 2/);
    const styles =
      toDot(fromText('resnet8=TLC,resnet8=TXX,resnet8=TXX')).match(/-> 1 .*style="\w+"/g) ?? [];
    assert.deepEqual(
      styles.map((line) => /style="(\w+)"/.exec(line)![1]),
      ['solid', 'dashed', 'dotted'],
    );
  });

  test('quotes any name', () => {
    const dot = toDot({ ...fromText('resnet8=T'), name: 'a "b" \\ c' });
    assert.match(dot, /^digraph "a \\"b\\" \\\\ c" \{/);
  });
});
