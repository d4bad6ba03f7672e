import '../runes.ts';
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { LabError } from '../../../core/base/errors.ts';
import { unmeasuredNode, wireEpoch } from '../../../core/study/metrics.ts';
import type { LabApi, LabEvent } from '../../../core/lab/api.ts';
import type { Line } from '../../../renderer/client/connection.ts';
import { appended } from '../../../renderer/views/study/appended.ts';
import { playedLab } from '../played-lab.ts';

const { Lab } = await import('../../../renderer/client/lab.svelte.ts');
const { StudyState } = await import('../../../renderer/views/study/study.svelte.ts');

/** Waits until a condition holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

const played = playedLab([
  { trials: 12, epochs: 8 },
  { trials: 2, epochs: 4, name: 'Small' },
]);
after(() => played.close('at-once'));

/** A lab whose events are sent by the test, over a line that the test cuts. */
function wire(): {
  dial: () => Promise<Line>;
  send: (event: object) => void;
  cut: () => void;
  subscriptions: number[];
  asked: string[];
} {
  let listener: ((event: LabEvent) => void) | null = null;
  let cut: () => void = () => undefined;
  let sequence = 1;
  const subscriptions: number[] = [];
  const asked: string[] = [];
  const api: LabApi = {
    request: async (name, input, options) => {
      asked.push(name);
      const answer = await played.request(name, input, options);
      return name === 'lab.status' ? { ...answer, sequence } : answer;
    },
    subscribe(_topics, to, after = 0) {
      subscriptions.push(after);
      listener = to;
      return () => (listener = null);
    },
  };
  return {
    dial: () =>
      Promise.resolve({
        api,
        closed: new Promise<void>((resolve) => (cut = resolve)),
        close: () => undefined,
      }),
    send: (event) => listener?.({ sequence: ++sequence, at: 0, ...event } as LabEvent),
    cut: () => cut(),
    subscriptions,
    asked,
  };
}

describe('the lab as the screens know it', () => {
  test('is read once, then follows its events', async () => {
    const { dial, send } = wire();
    const lab = new Lab();
    const undo = lab.connect(dial);
    await until(() => lab.connection === 'open');
    assert.equal(lab.connection, 'open');
    assert.equal(lab.cards.length, 2);
    send({ topic: 'studies', type: 'study-removed', study: 2 });
    assert.deepEqual(
      lab.cards.map((card) => card.study.id),
      [1],
    );
    assert.deepEqual(lab.removed, [2]);
    send({ topic: 'studies', type: 'study', card: { ...lab.cards[0]!, done: 39 } });
    assert.equal(lab.cards[0]!.done, 39);
    send({
      topic: 'log',
      type: 'log',
      entries: [{ id: 9, at: 0, level: 'info', study: null, run: null, text: 'new' }],
    });
    assert.equal(lab.log[0]!.text, 'new');
    undo();
  });

  test('after a cut it continues behind the last event it has seen; requests are refused meanwhile', async () => {
    const { dial, send, cut, subscriptions, asked } = wire();
    const lab = new Lab();
    const undo = lab.connect(dial);
    await until(() => lab.connection === 'open');
    send({ topic: 'slots', type: 'slots', slots: [] });
    const before = asked.filter((name) => name === 'studies.list').length;
    cut();
    await until(() => lab.connection === 'lost');
    assert.equal(lab.connection, 'lost');
    await assert.rejects(
      lab.request('lab.check', {}),
      (thrown) => thrown instanceof LabError && thrown.code === 'lab.unreachable',
    );
    await until(() => lab.connection === 'open');
    assert.deepEqual(subscriptions, [1, 2]);
    assert.equal(
      asked.filter((name) => name === 'studies.list').length,
      before,
      'nothing is read again',
    );
    undo();
  });

  test('reads everything again when the lab has forgotten events', async () => {
    const { dial, send, asked } = wire();
    const lab = new Lab();
    const undo = lab.connect(dial);
    await until(() => lab.connection === 'open');
    const { epoch } = lab;
    send({ topic: 'studies', type: 'missed' });
    await until(() => lab.epoch > epoch);
    assert.equal(asked.filter((name) => name === 'studies.list').length, 2);
    assert.equal(lab.epoch, epoch + 1);
    undo();
  });

  test('a failed click becomes a message with the next step', async () => {
    const lab = new Lab();
    assert.equal(
      await lab.attempt(() =>
        Promise.reject(new LabError({ code: 'x.y', message: 'Found a.', next: 'Do b.' })),
      ),
      null,
    );
    assert.deepEqual(
      { ...lab.toasts[0], id: 0 },
      { id: 0, text: 'Found a.', steps: ['Do b.'], bad: true },
    );
    await lab.attempt(() =>
      Promise.reject(new LabError({ code: 'x.y', message: 'Found a.', next: 'Do b.' })),
    );
    assert.equal(lab.toasts.length, 1, 'the same one stands once');
    lab.dismiss(lab.toasts[0]!.id);
    assert.equal(lab.toasts.length, 0);
  });
});

describe('a study on screen', () => {
  test('takes over rows, epochs and decisions once, and only its own', async () => {
    const { dial, send } = wire();
    const lab = new Lab();
    const undo = lab.connect(dial);
    await until(() => lab.connection === 'open');
    const study = new StudyState(lab, 1);
    const close = await study.open();
    const [row] = study.rows;
    send({
      topic: 'runs',
      type: 'runs',
      rows: [
        { ...row!, accuracy: 0.99 },
        { ...row!, run: 4711, study: 2 },
      ],
    });
    assert.equal(study.byRun.get(row!.run)?.accuracy, 0.99);
    assert.equal(study.byRun.has(4711), false);
    const known = study.decisions.length;
    const [first] = study.decisions;
    send({
      topic: 'runs',
      type: 'decisions',
      decisions: [
        { ...first!, study: 1 },
        { ...first!, rung: 999, study: 1 },
      ],
    });
    assert.equal(study.decisions.length, known + 1);
    const length = study.curves.get(row!.run)!.accuracy[0]!.length;
    const nodes = row!.graph.nodes.map(() => ({
      ...unmeasuredNode,
      accuracy: 0.5,
    }));
    const epoch = wireEpoch({ epoch: length + 1, seconds: 1, nodes, edges: [] });
    send({
      topic: 'metrics',
      type: 'epochs',
      epochs: [
        { run: row!.run, epoch },
        { run: 4711, epoch },
      ],
    });
    assert.equal(study.curves.get(row!.run)!.accuracy[0]!.length, length + 1);
    assert.equal(study.curves.has(4711), false);
    close();
    undo();
  });

  test('that was left stays up to date and opens without being read again', async () => {
    const { dial, send, asked } = wire();
    const lab = new Lab();
    const undo = lab.connect(dial);
    await until(() => lab.connection === 'open');
    const opens = (): number => asked.filter((name) => name === 'studies.open').length;
    const show = async (id: number) => {
      const study = new StudyState(lab, id);
      const close = await study.open();
      return { study, close };
    };
    const first = await show(1);
    first.study.selected = first.study.rows[3]!.run;
    first.close();
    const [row] = first.study.rows;
    send({ topic: 'runs', type: 'runs', rows: [{ ...row!, accuracy: 0.98 }] });
    const again = await show(1);
    assert.equal(opens(), 1);
    assert.equal(again.study.byRun.get(row!.run)!.accuracy, 0.98);
    assert.deepEqual([again.study.selected, again.study.rows.length], [null, 12]);
    await show(2);
    assert.equal(opens(), 2);
    const { epoch } = lab;
    send({ topic: 'studies', type: 'missed' });
    await until(() => lab.epoch > epoch);
    await show(1);
    assert.equal(opens(), 3, 'events were missed');
    undo();
  });

  test('the filter decides which marks are faint; steps through an order wrap around', async () => {
    const { dial } = wire();
    const lab = new Lab();
    const undo = lab.connect(dial);
    await until(() => lab.connection === 'open');
    const study = new StudyState(lab, 1);
    (await study.open())();
    study.filter = { conditions: [{ kind: 'state', state: 'completed' }], brushes: {} };
    assert.ok(study.filtered.length > 0 && study.filtered.length < study.rows.length);
    for (const row of study.rows) assert.equal(study.faint(row.run), row.state !== 'completed');
    study.step([5, 6, 7], -1);
    assert.equal(study.selected, 7);
    study.step([5, 6, 7], 1);
    assert.equal(study.selected, 5);
    undo();
  });

  test('an epoch is appended once; a gap is filled with nothing', () => {
    const epoch = (number: number, accuracy: number) =>
      wireEpoch({
        epoch: number,
        seconds: 1,
        nodes: [{ ...unmeasuredNode, accuracy }],
        edges: [],
      });
    const one = appended(undefined, 3, epoch(1, 0.1));
    assert.deepEqual(one, { run: 3, accuracy: [[0.1]] });
    assert.equal(appended(one, 3, epoch(1, 0.9)), one);
    assert.deepEqual(appended(one, 3, epoch(3, NaN)).accuracy, [[0.1, null, null]]);
  });
});
