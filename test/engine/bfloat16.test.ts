import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { computesBfloat16 } from '../../core/devices/processor.ts';
import type { Engine, NodeState, StepMetrics } from '../../core/engine/engine.ts';
import { openEngine } from '../../core/engine/open.ts';
import {
  assertAllBits,
  codesOf,
  planOf,
  randomImages,
  settings,
  someState,
  writeAll,
} from './support.ts';

const set = randomImages(90);
const skip = !computesBfloat16() && 'NOT TESTED: this processor has no instructions for bfloat16';

describe('the session in bfloat16', { skip }, () => {
  let float32: Engine;
  let bfloat16: Engine;
  before(async () => {
    const open = (precision: 'float32' | 'bfloat16'): Promise<Engine> =>
      openEngine({ engine: 'tensorflow', threads: 2, computation: { precision } });
    float32 = await open('float32');
    bfloat16 = await open('bfloat16');
  });
  after(() => {
    bfloat16.dispose();
    float32.dispose();
  });

  const texts = [
    'resnet8=TT@2C,resnet8=TTL,wrn-10-1=CLT@3',
    'resnet8=TT,wrn-10-1=XX',
    'vgg8=T',
    'mobilenetv2-half=T',
  ];
  for (const text of texts)
    test(`is close to float32 but not equal: ${text}`, async () => {
      const [exact, short] = [await run(float32, text), await run(bfloat16, text)];
      for (const part of ['raw', 'gated', 'nodeLoss'] as const) {
        const error = distance(short.metrics[part], exact.metrics[part]);
        assert.ok(error < 0.01, `${part} differs by ${error}`);
      }
      for (const [node, state] of exact.states.entries()) {
        if (text.startsWith('mobilenet')) continue; // its norms over 2 x 2 pixels amplify rounding
        const moved = short.states[node]!;
        assert.ok(distance(moved.parameters, state.parameters) < 0.02);
        assert.ok(distance(moved.momentum, state.momentum) < 0.3);
        assert.ok(distance(moved.statistics, state.statistics) < 0.02);
        assert.notDeepEqual(moved.statistics, state.statistics);
      }
      const error = distance(short.logits, exact.logits);
      assert.ok(error > 1e-5 && error < 0.1, `logits differ by ${error}`);
    });

  test('keeps parameters in float32', async () => {
    const { states } = await run(bfloat16, 'resnet8=T');
    const rounded = states[0]!.parameters.filter((value) => {
      const [bits] = new Uint32Array(Float32Array.of(value).buffer);
      return (bits! & 0xffff) === 0;
    });
    assert.ok(rounded.length < states[0]!.parameters.length / 10);
  });

  test('repeats its numbers bit for bit', async () => {
    const [first, second] = [await run(bfloat16, texts[0]!), await run(bfloat16, texts[0]!)];
    assertAllBits(second.metrics, first.metrics, 'metrics');
    for (const [node, state] of first.states.entries())
      assertAllBits(second.states[node]!, state, `node ${node}`);
  });

  test('reports a teacher that is not finite, and protects its student', async () => {
    const text = 'resnet8=TC,resnet8=XX';
    const step = await bfloat16.compile(planOf(text, 12));
    try {
      step.load(set);
      const teacher = someState(step.plan, 1);
      step.write(0, someState(step.plan, 0));
      step.write(1, { ...teacher, parameters: teacher.parameters.map(() => NaN) });
      const metrics = step.train({ codes: codesOf(90, 12)[0]!, ...settings(text) });
      assert.ok(Number.isNaN(metrics.raw[2]));
      assert.equal(metrics.gated[2], 0);
      assert.ok(step.read(0).parameters.every(Number.isFinite));
    } finally {
      step.dispose();
    }
  });
});

test('the eager engine refuses bfloat16', async () => {
  const computation = { precision: 'bfloat16' } as const;
  await assert.rejects(openEngine({ engine: 'eager', computation }), { code: 'engine.precision' });
});

interface Run {
  readonly metrics: StepMetrics;
  readonly states: readonly NodeState[];
  readonly logits: Float32Array;
}

/** Returns the results of one step from fixed states, and the logits of node 1 before it. */
async function run(engine: Engine, text: string): Promise<Run> {
  const batch = 12;
  const step = await engine.compile(planOf(text, batch));
  try {
    step.load(set);
    writeAll(step);
    const pixels = Float32Array.from(set.images.subarray(0, 8 * 3072), (byte) => byte / 255);
    const logits = step.logits({ images: pixels, labels: new Int32Array(8) });
    const metrics = step.train({ codes: codesOf(90, batch)[0]!, ...settings(text) });
    const states = [...step.plan.architectures.keys()].map((node) => step.read(node));
    return { metrics, states, logits };
  } finally {
    step.dispose();
  }
}

/** Returns the norm of the difference, relative to the norm of `expected`. */
function distance(actual: Float32Array, expected: Float32Array): number {
  const squares = expected.reduce((sum, value, i) => sum + (actual[i]! - value) ** 2, 0);
  return Math.sqrt(squares) / Math.sqrt(expected.reduce((sum, value) => sum + value ** 2, 0));
}
