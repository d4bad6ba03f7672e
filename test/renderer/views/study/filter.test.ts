import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dimensionsOf } from '../../../../renderer/charts/dimensions.ts';
import { columnsOf, reasonOf, sorted } from '../../../../renderer/words/trial-columns.ts';
import {
  brushText,
  conditionText,
  everything,
  examples,
  filterText,
  fits,
  isEverything,
  parseCondition,
  parseFilter,
  type Condition,
} from '../../../../renderer/views/study/filter.ts';
import { parseQuery, suggestionsFor } from '../../../../renderer/views/study/query.ts';
import { noResult } from '../../../../renderer/words/no-result.ts';
import { decision, trial } from '../../rows.ts';

describe('the filter', () => {
  const conditions: Condition[] = [
    { kind: 'edge', source: 2, destination: 1, gate: 'correct' },
    { kind: 'edge', source: 0, destination: 1, gate: 'through' },
    { kind: 'frozen', wanted: true },
    { kind: 'frozen', wanted: false },
    { kind: 'state', state: 'stopped' },
    { kind: 'state', state: 'out-of-memory' },
    { kind: 'accuracy', relation: '>=', value: 0.6 },
    { kind: 'epoch', relation: '<=', value: 8 },
    { kind: 'model', text: 'wrn' },
    { kind: 'open', source: 0, destination: 2 },
    { kind: 'node', node: 2, text: 'resnet14' },
    { kind: 'epoch', relation: '=', value: 200 },
    { kind: 'edge', source: 2, destination: 1, gate: 'correct-mean' },
    { kind: 'edge', source: 0, destination: 2, gate: 'half-cosine' },
    { kind: 'tag', tag: 'seed/1.b' },
    { kind: 'noted' },
  ];

  for (const condition of conditions) {
    test(`reads its own text back: ${conditionText(condition)}`, () =>
      assert.deepEqual(parseCondition(conditionText(condition)), condition));
  }

  test('understands its examples and short forms', () => {
    for (const example of examples) assert.notEqual(parseQuery(example).kind, 'unknown', example);
    assert.deepEqual(parseCondition(' Label->1=T '), conditions[1]);
    assert.deepEqual(parseCondition('acc > 60'), conditions[6]);
    assert.deepEqual(parseCondition('frozen'), conditions[2]);
    assert.deepEqual(parseCondition('L->1 = Through'), conditions[1]);
    assert.deepEqual(parseCondition('Label→2'), conditions[9]);
    assert.deepEqual(parseCondition('wrn'), conditions[8]);
    assert.deepEqual(parseCondition('resnet14'), { kind: 'model', text: 'resnet14' });
    assert.deepEqual(parseCondition('node 2 = resnet14'), conditions[10]);
    assert.deepEqual(parseCondition('epochs 200'), conditions[11]);
    assert.deepEqual(parseCondition('state = stopped early'), conditions[4]);
    assert.deepEqual(parseCondition('Tag: Good'), { kind: 'tag', tag: 'good' });
    assert.deepEqual(parseCondition('has a tag'), { kind: 'noted' });
    assert.deepEqual(parseCondition('state = failed'), { kind: 'state', state: 'failed' });
  });

  test('returns null for conditions that it cannot read', () => {
    for (const text of [
      '',
      'edge 1->1 = T',
      'edge 2->1 = Maybe',
      'accuracy',
      'accuracy = 3',
      '<b>',
    ]) {
      assert.equal(parseCondition(text), null, text);
    }
  });

  test('several conditions are parted by a comma or by "and"; a number or "best" leads to a trial', () => {
    assert.deepEqual(parseQuery('wrn and L->1 = Through, stopped'), {
      kind: 'filter',
      conditions: [conditions[8], conditions[1], conditions[4]],
    });
    for (const text of ['700', '#700', ' trial 700 ', 'Trial #700'])
      assert.deepEqual(parseQuery(text), { kind: 'go', trial: 700 }, text);
    assert.deepEqual(parseQuery('Best'), { kind: 'go', trial: 'best' });
    assert.deepEqual(parseQuery('wrn and nonsense'), { kind: 'unknown', part: 'nonsense' });
    assert.deepEqual(parseQuery('wrn, 700'), { kind: 'unknown', part: '700' });
    assert.equal(parseQuery(' , ').kind, 'unknown');
  });

  test('an edge without a gate means any gate but Cutoff; a network is meant by its whole number', () => {
    const row = trial(1, { epoch: 8 }, 'resnet32=XC,resnet110=TC');
    const fit = (text: string): boolean => {
      const condition = parseCondition(text);
      assert.ok(condition, text);
      return fits(row, { conditions: [condition], brushes: {} }, []);
    };
    assert.ok(!fit('Label->1'));
    assert.ok(fit('2->1'));
    assert.ok(!fit('3->1'), 'no such edge');
    assert.ok(fit('node 2 = resnet110'));
    assert.ok(!fit('node 1 = resnet110'));
    assert.ok(!fit('node 3 = resnet110'));
    assert.ok(fit('resnet'));
    assert.ok(!fit('resnet11'));
    assert.ok(fit('epochs 8'));
    assert.ok(!fit('epochs 80'));
  });

  test('trials are found by their tags and notes', () => {
    const rows = [trial(1, { tags: ['good', 'paper'] }), trial(2, { notes: 'diverged' }), trial(3)];
    const found = (text: string): number[] =>
      rows
        .filter((row) => fits(row, { conditions: [parseCondition(text)!], brushes: {} }, []))
        .map(({ run }) => run);
    assert.deepEqual(found('tag = good'), [1]);
    assert.deepEqual(found('tag = goo'), []);
    assert.deepEqual(found('has notes'), [1, 2]);
    assert.ok(
      suggestionsFor('tag', rows).some(
        ({ words, count }) => words === 'tag = paper' && count === 1,
      ),
    );
  });

  test('suggestions say how many trials would pass, and none that none would', () => {
    const rows = [
      trial(1),
      trial(2, { state: 'stopped', epoch: 2 }),
      trial(3, { state: 'stopped', epoch: 2 }, 'resnet32=XC,wrn-28-2=TC'),
    ];
    const words = (text: string) =>
      suggestionsFor(text, rows).map((each) => `${each.words} ${each.count ?? 'go'}`);
    assert.deepEqual(words('wrn'), ['wrn-28-2 1', 'node 2 = wrn-28-2 1']);
    assert.deepEqual(words('sto'), ['stopped early 2']);
    assert.deepEqual(words('L->1 = '), ['Label->1 = Through 2', 'Label->1 = Cutoff 1']);
    assert.deepEqual(words('edge L->1 = '), words('L->1 = '));
    assert.deepEqual(words('bes'), ['best go']);
    assert.deepEqual(words('epochs'), ['epochs 8 1', 'epochs 2 2']);
    assert.deepEqual(suggestionsFor('wrn and stop', rows), [
      { text: 'wrn and stopped early', words: 'stopped early', count: 1 },
    ]);
    assert.deepEqual(words('wrn, completed'), []);
    assert.ok(suggestionsFor('', rows).length <= 8);
  });

  test('all conditions must hold, of states one', () => {
    const row = trial(1);
    const dimensions = dimensionsOf([row]);
    const fit = (...list: Condition[]): boolean =>
      fits(row, { conditions: list, brushes: {} }, dimensions);
    assert.ok(fit());
    assert.ok(fit({ kind: 'state', state: 'completed' }, { kind: 'state', state: 'failed' }));
    assert.ok(!fit({ kind: 'state', state: 'failed' }));
    assert.ok(
      fit(
        { kind: 'edge', source: 1, destination: 2, gate: 'correct' },
        { kind: 'model', text: 'resnet110' },
      ),
    );
    assert.ok(!fit({ kind: 'edge', source: 1, destination: 2, gate: 'through' }));
    assert.ok(!fit({ kind: 'frozen', wanted: true }));
    assert.ok(!fit({ kind: 'accuracy', relation: '>=', value: 0.51 }));
    assert.ok(
      !fits(
        { ...row, accuracy: null },
        { conditions: [{ kind: 'accuracy', relation: '<=', value: 1 }], brushes: {} },
        dimensions,
      ),
    );
    assert.ok(isEverything(everything));
  });

  test('as a whole it fits into an address and comes back from it', () => {
    const filter = {
      conditions,
      brushes: { 'edge 2-1': [-0.3, 1.25], accuracy: [0.5, 0.75] },
    } as const;
    assert.deepEqual(parseFilter(filterText(filter)), filter);
    assert.equal(filterText(everything), '');
    assert.deepEqual(parseFilter(''), everything);
  });

  test('an address that was tampered with lets everything pass', () => {
    const endless = `brush accuracy ${'.'.repeat(200_000)}x`;
    const tooLong = `brush accuracy 0.${'1'.repeat(30)}..1`;
    for (const text of [
      'brush accuracy x..y',
      'brush  1..2',
      '<img>; ;',
      '%%%',
      endless,
      tooLong,
    ]) {
      assert.deepEqual(parseFilter(text), everything, text);
    }
  });

  test('brushes in words', () => {
    const dimensions = dimensionsOf([trial(1)]);
    const of = (key: string) => dimensions.find((each) => each.key === key)!;
    assert.equal(brushText(of('edge 2-1'), [-0.3, 1.2]), '2→1: T, X');
    assert.equal(brushText(of('accuracy'), [0.5, 0.75]), 'accuracy 50.0 to 75.0 %');
    assert.equal(brushText(of('epoch'), [1, 3]), 'epochs 2 to 8');
  });
});

describe('the table', () => {
  const columns = columnsOf({ size: 2, judged: 'node 1' });

  test('sorts both ways; missing values come last, equal ones keep the order of trials', () => {
    const rows = [
      trial(3, { accuracy: null }),
      trial(2, { accuracy: 0.4 }),
      trial(1, { accuracy: 0.4 }),
      trial(4, { accuracy: 0.9 }),
    ];
    const runs = (key: string, descending: boolean): number[] =>
      sorted(rows, columns, { key, descending }).map((row) => row.run);
    assert.deepEqual(runs('accuracy', true), [4, 1, 2, 3]);
    assert.deepEqual(runs('accuracy', false), [1, 2, 4, 3]);
    assert.deepEqual(runs('number', true), [4, 3, 2, 1]);
    assert.equal(rows[0]!.run, 3, 'the given list is not changed');
  });

  test('gives the reason why a trial ended', () => {
    assert.equal(reasonOf(trial(1)), '');
    const cancelled = trial(1, { state: 'cancelled' });
    assert.equal(reasonOf({ ...cancelled, dismissed: true }), 'a person stopped it');
    assert.equal(reasonOf({ ...cancelled, dismissed: false }), 'cancelled with its study');
    assert.equal(
      reasonOf(
        trial(1, {
          stop: decision({ rung: 4, value: 0.312, go: false, n: 14, rank: 9, limit: 7 }),
        }),
      ),
      'stopped at epoch 4: 31.2 %, ranked 9th of 14, the top 7 continue',
    );
    const stopped = trial(1, {
      stop: decision({ rung: 4, value: 0.312, go: false, n: 14, rank: 9, limit: 7 }),
    });
    const column = columns.find(({ key }) => key === 'reason')!;
    assert.equal(
      column.text(stopped),
      '9th of 14 (top 7 continue)',
      'epoch and accuracy have columns of their own',
    );
    assert.equal(column.saved!(stopped), reasonOf(stopped));
    assert.match(reasonOf(trial(1, { duplicateOf: 4, original: 3 })), /same graph as trial 3;/);
    assert.match(
      reasonOf(trial(1, { rejection: 'target-frozen' })),
      /^rejected: the target is frozen: all edges/,
    );
    assert.match(
      reasonOf(trial(1, { rejection: 'as another program says' })),
      /as another program says/,
    );
  });

  test('a study without a result gives the reason', () => {
    const failure = {
      kind: 'crash',
      code: 'worker.ended',
      message: 'It fell over.',
      next: 'Try again.',
      epoch: 0,
    } as const;
    const failed = (run: number) => trial(run, { accuracy: null, state: 'failed', failure });
    const nan = trial(3, { accuracy: null, stop: decision({ rung: 1, value: null, go: false }) });
    assert.equal(noResult([]), null);
    assert.equal(noResult([failed(1), trial(2)]), null);
    assert.equal(noResult([failed(1), { ...failed(2), state: 'running', endedAt: null }]), null);
    assert.deepEqual(noResult([failed(1), failed(2)]), {
      message: 'None of 2 trials has a result. All: It fell over.',
      next: 'Try again.',
    });
    assert.match(noResult([failed(1), nan, failed(2)])!.message, /2 of them: It fell over/);
    assert.match(noResult([nan])!.message, /not a number/);
    const steps = [{ do: 'open-data' }] as const;
    const stepped = { ...failed(5), failure: { ...failure, steps } };
    assert.deepEqual(noResult([stepped])!.steps, steps);
    const cancelled = trial(4, { accuracy: null, state: 'cancelled' });
    assert.deepEqual(noResult([cancelled, { ...cancelled, run: 5 }]), {
      message: 'None of 2 trials has a result. All: cancelled with its study',
      next: 'Resume the study to continue its trials.',
    });
  });

  test('names a family of networks once', () => {
    const { text } = columns.find(({ key }) => key === 'models')!;
    assert.equal(text(trial(1, {}, 'resnet32=TT,resnet110=TC')), 'ResNet 32, 110');
    assert.equal(text(trial(1, {}, 'resnet32=TT,wrn-28-2=TC')), 'ResNet 32, WRN 28-2');
  });

  test('sorted by accuracy, epochs are not mixed: completed ones first, and each other one says its epoch', () => {
    const rows = [
      trial(1, { state: 'stopped', epoch: 1, accuracy: 0.9 }),
      trial(2, { accuracy: 0.5 }),
      trial(3, { state: 'running', epoch: 4, accuracy: 0.6 }),
      trial(4, { state: 'waiting', epoch: 0, accuracy: null }),
      trial(5, { accuracy: 0.7 }),
    ];
    const runs = (descending: boolean) =>
      sorted(rows, columns, { key: 'accuracy', descending }).map(({ run }) => run);
    assert.deepEqual(runs(true), [5, 2, 3, 1, 4]);
    assert.deepEqual(runs(false), [1, 3, 2, 5, 4]);
    const { text } = columns.find(({ key }) => key === 'accuracy')!;
    assert.deepEqual(rows.slice(0, 3).map(text), [
      '90.00 % at epoch 1',
      '50.00 %',
      '60.00 % at epoch 4',
    ]);
  });

  test('has a column per edge', () => {
    assert.deepEqual(
      columns.slice(-4).map(({ title }) => title),
      ['Label→1', '2→1', 'Label→2', '1→2'],
    );
    assert.equal(columns.at(-1)!.text(trial(1)), 'Correct');
  });
});
