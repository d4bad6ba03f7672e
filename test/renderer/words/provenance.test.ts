import '../runes.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Environment, LabEvent } from '../../../core/lab/api.ts';
import type { Lab } from '../../../renderer/client/lab.svelte.ts';
import { plan } from '../../contract/samples.ts';
import { trial } from '../rows.ts';

const { StudyState } = await import('../../../renderer/views/study/study.svelte.ts');
const { madeIn, mixedText } = await import('../../../renderer/words/provenance.ts');

const card: Environment & { id: number } = {
  id: 7,
  app: '0.1.0',
  revision: 'abc1234',
  runtime: 'node 24',
  engine: 'TensorFlow 2.21 (tensorflow, XLA, tf32)',
  platform: 'linux x64',
  host: 'server',
  device: 'GPU: NVIDIA H100',
  data: 'synthetic:1',
};
const processor = { ...card, id: 8, engine: 'tfjs wasm (portable)', host: 'laptop', device: 'CPU' };
const attempt = (run: number, environment: number | null) => ({
  run,
  number: 1,
  slot: 'cpu:0',
  fromEpoch: 0,
  environment,
  startedAt: 0,
  endedAt: null,
  outcome: null,
});

/** A lab on another machine than the one that trained: its engine and slots must not be named. */
function labElsewhere(): Lab {
  const study = { id: 1, name: 'S', plan: plan({ seed: 3 }), state: 'completed' };
  const answers: Record<string, unknown> = {
    'studies.open': {
      study,
      trials: [trial(1), trial(2), trial(3, { duplicateOf: 1 })],
      curves: [],
    },
    'studies.timeline': [attempt(1, 7), attempt(2, 8), attempt(2, null)],
    'studies.environments': [card, processor],
    'decisions.list': [],
  };
  return {
    cards: [],
    removed: [],
    epoch: 0,
    slots: [{ study: 1, deviceTitle: 'Laptop processor' }],
    status: { version: '9.9.9', revision: 'other' },
    engine: { engine: 'portable', version: 'tfjs WASM' },
    request: (name: string) => Promise.resolve(answers[name]),
    listen: () => () => undefined,
  } as unknown as Lab;
}

test('saved files name the machines that trained, not the one that displays', async () => {
  const state = new StudyState(labElsewhere(), 1);
  await state.open();
  const { study, seed, version, engine, device, host } = state.provenance;
  assert.deepEqual([study, seed, version], ['S', 3, '0.1.0']);
  assert.equal(engine, 'TensorFlow 2.21 (tensorflow, XLA, tf32); tfjs wasm (portable)');
  assert.deepEqual([device, host], ['GPU: NVIDIA H100; CPU', 'server; laptop']);
});

test('trials that different kernels computed are told apart', () => {
  const made = { ...card, kernels: 'KTG Lab (norms)' };
  const others = [made, { ...made, kernels: 'TensorFlow' }];
  assert.equal(mixedText([card, made]), ''); // the older record does not say
  assert.match(mixedText(others), /different kernels \(KTG Lab \(norms\); TensorFlow\)/);
  assert.equal(madeIn(others).kernels, 'KTG Lab (norms); TensorFlow');
  assert.equal(madeIn([card]).kernels, undefined);
});

test('one trial names its own machine, a duplicate that of the trial whose result counts', async () => {
  const state = new StudyState(labElsewhere(), 1);
  await state.open();
  const deviceOf = (run: number): unknown => state.provenanceOf(state.byRun.get(run)!).device;
  assert.deepEqual(
    [deviceOf(1), deviceOf(2), deviceOf(3)],
    ['GPU: NVIDIA H100', 'CPU', 'GPU: NVIDIA H100'],
  );
});

test('a page that watches a study begin tells of its data after the first epoch', async () => {
  const lab = labElsewhere();
  const leftOut = { count: 28, of: 240, reasons: [{ why: 'is empty', count: 28 }] };
  let known: unknown[] = [];
  let tell: (event: LabEvent) => void = () => undefined;
  const request = (name: string): Promise<unknown> =>
    name === 'studies.environments'
      ? Promise.resolve(known)
      : lab.request(name as 'studies.list', {});
  const listen = (listener: typeof tell) => {
    tell = listener;
    return () => undefined;
  };
  const state = new StudyState({ ...lab, dataSets: [], request, listen } as unknown as Lab, 1);
  await state.open();
  assert.equal(state.leftOut, '');
  known = [{ ...card, leftOut }];
  const row = { ...trial(1), study: 1, kind: 'trial' as const };
  tell({ type: 'runs', rows: [{ ...row, epoch: 0 }] } as unknown as LabEvent);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(state.leftOut, '');
  tell({ type: 'runs', rows: [{ ...row, epoch: 1 }] } as unknown as LabEvent);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(state.leftOut, '28 of 240 files were left out: is empty (28).');
});
