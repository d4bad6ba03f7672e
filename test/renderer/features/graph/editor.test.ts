import '../../runes.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { edgeOf } from '../../../../core/graph/graph.ts';
import { template } from '../../../../core/graph/templates.ts';
import { fromText, toText } from '../../../../core/graph/text.ts';

const { Editor } = await import('../../../../renderer/features/graph/editor.svelte.ts');

describe('the editor', () => {
  test('every change can be undone and done again', () => {
    const editor = new Editor(fromText('resnet32=TT,resnet110=TC'));
    const texts = [toText(editor.graph)];
    const note = (): unknown => texts.push(toText(editor.graph));
    editor.setGate(edgeOf(editor.graph, 2, 1), 'linear');
    note();
    editor.setTemperature(edgeOf(editor.graph, 2, 1), 2);
    note();
    editor.add('wrn-28-2');
    note();
    editor.setNode(3, { model: 'resnet8' });
    note();
    editor.replace(template('kd', ['resnet32', 'resnet110']));
    note();
    assert.equal(new Set(texts).size, 6);
    for (const text of texts.slice(0, -1).reverse()) {
      editor.undo();
      assert.equal(toText(editor.graph), text);
    }
    assert.ok(!editor.canUndo);
    for (const text of texts.slice(1)) {
      editor.redo();
      assert.equal(toText(editor.graph), text);
    }
    assert.ok(!editor.canRedo);
  });

  test('the selection of an ensemble, or of its edge, ends with it', () => {
    const editor = new Editor(fromText('resnet32=TT,resnet110=TC'));
    for (const pick of [() => ({ node: 3 }), () => ({ edge: edgeOf(editor.graph, 3, 1) })]) {
      editor.setEnsemble({ combine: 'logits' });
      editor.picked = pick();
      editor.setEnsemble(null);
      assert.equal(editor.picked, null);
    }
  });

  test('the selection follows the graph and ends with its part', () => {
    const editor = new Editor(fromText('resnet32=TTT,resnet32=TTT,resnet32=TTT'));
    editor.picked = { edge: edgeOf(editor.graph, 3, 1) };
    editor.setGate(edgeOf(editor.graph, 3, 1), 'cutoff');
    assert.deepEqual(editor.picked, { edge: edgeOf(editor.graph, 3, 1) });
    editor.replace(fromText('resnet32=T'));
    assert.equal(editor.picked, null);
  });

  test('locks move up with their nodes and go with a removed one', () => {
    const editor = new Editor(fromText('resnet32=TTT,resnet32=TTT,resnet32=TTT'), [
      '3-1',
      '2-1',
      '0-3',
    ]);
    editor.toggleLock(edgeOf(editor.graph, 0, 1));
    editor.remove(2);
    assert.deepEqual([...editor.locks].sort(), ['0-1', '0-2', '2-1']);
    editor.undo();
    assert.ok(editor.locks.has('3-1'));
  });

  test('lists the problems of the graph', () => {
    const editor = new Editor(fromText('resnet32=TT,resnet110=TC'));
    editor.setGate(edgeOf(editor.graph, 0, 1), 'cutoff');
    editor.setGate(edgeOf(editor.graph, 2, 1), 'cutoff');
    assert.ok(
      editor.problems.some(
        ({ code, severity }) => code === 'target-frozen' && severity === 'error',
      ),
    );
  });
});
