/**
 * A worker's program that does what the title of its job says, instead of its work. Speaks the
 * language of workers, or what it takes for it.
 */
import { createHash } from 'node:crypto';
import { NO_CARD } from '../../core/engine/computation.ts';
import { MESSAGES_VERSION } from '../../core/workers/messages.ts';
import type { JobNotice, ToLab, ToWorker } from '../../core/workers/messages.ts';
import { fromWire, toWire } from '../../core/workers/wire.ts';
import { unmeasuredNode } from '../../core/study/metrics.ts';

const post = (message: unknown): void => void process.send!(message);
const say = (message: ToLab): void => {
  post(toWire(message));
};

const nodes = (count: number) =>
  Array.from({ length: count }, () => ({
    ...unmeasuredNode,
    accuracy: 0.5,
    loss: 1,
    trainAccuracy: 0.5,
    trainLoss: 1,
  }));

const environment = {
  app: '0',
  revision: null,
  runtime: '',
  engine: '',
  platform: '',
  host: '',
  device: '',
  data: '',
};

/** Like XLA, lets nothing in. */
const block = (): void => {
  for (;;);
};

const behaviours: Record<string, (job: JobNotice) => void> = {
  wait: () => undefined,
  hang: () => {
    setTimeout(block, 0);
  },
  compile: ({ run }) => {
    say({
      type: 'heartbeat',
      run,
      progress: { epoch: 1, step: 0, steps: 0, compiling: 0, imagesPerSecond: 0, memory: 1 },
    });
    block();
  },
  'wait for a lock': ({ run }) => {
    say({
      type: 'heartbeat',
      run,
      progress: { epoch: 1, step: 0, steps: 0, compiling: 0, imagesPerSecond: 0, memory: 1 },
    });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  'end by itself': () => process.exit(3),
  'say its last words': () => {
    console.error('Error: the sky has fallen');
    console.error('    at the sky');
    setTimeout(() => process.exit(1), 20);
  },
  'run out of memory': () => {
    console.error(
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    );
    setTimeout(() => process.exit(134), 20);
  },
  'speak nonsense': () => {
    post({ type: 'nonsense' });
  },
  'speak broken text': () => {
    post('{"type":');
  },
  'speak of another run': ({ run }) => {
    say({ type: 'started', run: run + 1, environment });
  },
  'skip an epoch': ({ run, graph }) => {
    say({ type: 'started', run, environment });
    say({
      type: 'epoch',
      run,
      metrics: {
        epoch: 2,
        seconds: 1,
        nodes: nodes(graph.nodes.length),
        edges: graph.edges.map(() => null),
      },
    });
  },
  'claim 110 %': ({ run, graph }) => {
    say({ type: 'started', run, environment });
    const all = nodes(graph.nodes.length).map((each) => ({ ...each, accuracy: 1.1 }));
    say({
      type: 'epoch',
      run,
      metrics: { epoch: 1, seconds: 1, nodes: all, edges: graph.edges.map(() => null) },
    });
  },
  'claim another graph': ({ run, graph }) => {
    say({ type: 'started', run, environment });
    say({
      type: 'epoch',
      run,
      metrics: { epoch: 1, seconds: 1, nodes: nodes(1), edges: graph.edges.map(() => null) },
    });
  },
  'claim completion': ({ run }) => {
    say({ type: 'started', run, environment });
    say({ type: 'ended', run, end: 'completed' });
  },
  'send too much': ({ run }) => {
    say({ type: 'started', run, environment });
    const sha256 = createHash('sha256').digest('hex');
    say({
      type: 'checkpoint',
      run,
      purpose: 'resume',
      weights: { transfer: 1, epoch: 0, bytes: 5, sha256 },
    });
    say({ type: 'chunk', transfer: 1, index: 0, data: new Uint8Array(6) });
  },
  'run ahead of the lab': ({ run }) => {
    say({ type: 'started', run, environment });
    const sha256 = createHash('sha256').digest('hex');
    say({
      type: 'checkpoint',
      run,
      purpose: 'resume',
      weights: { transfer: 1, epoch: 0, bytes: 1 << 20, sha256 },
    });
    for (let index = 0; index < 20; index++)
      say({ type: 'chunk', transfer: 1, index, data: new Uint8Array(10) });
  },
  flood: ({ run }) => {
    for (let i = 0; i < 20_000; i++) say({ type: 'log', run, level: 'info', text: 'more' });
  },
  'write without end': () => {
    for (let i = 0; i < 5_000; i++) console.error(`line ${i}`);
    setTimeout(() => process.exit(1), 50);
  },
};

process.on('message', (raw) => {
  const message = fromWire(raw) as ToWorker;
  if (message.type === 'hello') {
    if (process.env.CUDA_MPS_PIPE_DIRECTORY === '/lets/nobody/in')
      say({ type: 'unable', problem: { code: NO_CARD, message: 'It found no card.', next: '' } });
    else if (message.slot === 'cpu:1')
      say({
        type: 'unable',
        problem: { code: 'engine.missing', message: 'No engine.', next: 'Install it.' },
      });
    else say({ type: 'ready', version: MESSAGES_VERSION, engine: 'none', device: 'none' });
  }
  if (message.type === 'start') behaviours[message.job.title]!(message.job);
  if (message.type === 'shut-down') process.exit(0);
});
process.on('disconnect', () => process.exit(0));
