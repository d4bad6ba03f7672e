import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { parseGraph } from '../graph/parse.ts';
import type { Environment } from '../study/environment.ts';
import { epochMetricsSchema } from '../study/metrics.ts';
import {
  computationSchema,
  failureSchema,
  lineSchema,
  seedSchema,
  textSchema as text,
  trainingSchema,
} from '../study/schema.ts';
import { CHUNK_BYTES } from './messages.ts';
import type { ToLab, ToWorker } from './messages.ts';

/** Largest weights, in bytes: a transfer is gathered in one buffer. */
const MAX_BYTES = 2 ** 31;
const MAX_NODES = 7;

const whole = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const level = v.picklist(['info', 'warning', 'error']);

const notice = v.strictObject({
  transfer: whole,
  epoch: whole,
  bytes: v.pipe(whole, v.minValue(1), v.maxValue(MAX_BYTES)),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});

const chunk = v.strictObject({
  type: v.literal('chunk'),
  transfer: whole,
  index: whole,
  data: v.pipe(
    v.instance(Uint8Array),
    v.check((data) => data.length > 0 && data.length <= CHUNK_BYTES, 'Expected 1 byte to 256 KiB.'),
  ),
});
const chunkTaken = v.strictObject({
  type: v.literal('chunk-taken'),
  transfer: whole,
  index: whole,
});
const transferEnded = v.strictObject({
  type: v.literal('transfer-ended'),
  transfer: whole,
  problem: text,
});

const environment: v.GenericSchema<unknown, Environment> = v.strictObject({
  app: text,
  revision: v.nullable(text),
  runtime: text,
  engine: text,
  platform: text,
  host: text,
  device: text,
  data: text,
});

const progress = v.strictObject({
  epoch: whole,
  step: whole,
  steps: whole,
  compiling: v.nullable(amount),
  imagesPerSecond: amount,
  memory: amount,
});

const problem = v.strictObject({ code: text, message: text, next: text });

const job = v.strictObject({
  run: whole,
  attempt: whole,
  title: text,
  graph: v.pipe(v.unknown(), v.transform(parseGraph)),
  seed: seedSchema,
  training: trainingSchema,
  rungs: v.array(whole),
  resume: v.nullable(notice),
  teachers: v.pipe(
    v.array(v.strictObject({ node: whole, weights: notice })),
    v.maxLength(MAX_NODES),
  ),
  checkpointEvery: amount,
});

const toWorker: v.GenericSchema<unknown, ToWorker> = v.variant('type', [
  v.strictObject({
    type: v.literal('hello'),
    version: whole,
    slot: lineSchema(100),
    engine: v.picklist(['auto', 'tensorflow', 'portable']),
    device: v.picklist(['cpu', 'gpu']),
    computation: computationSchema,
    dataFolder: v.nullable(text),
  }),
  v.strictObject({ type: v.literal('start'), job }),
  v.strictObject({
    type: v.literal('verdict'),
    run: whole,
    epoch: whole,
    verdict: v.picklist(['go-on', 'stop', 'save-and-stop']),
  }),
  v.strictObject({
    type: v.literal('stop'),
    run: whole,
    when: v.picklist(['now', 'after-epoch']),
    keep: v.boolean(),
  }),
  v.strictObject({ type: v.literal('checkpoint-settled'), transfer: whole, problem: text }),
  v.strictObject({ type: v.literal('shut-down') }),
  chunk,
  chunkTaken,
  transferEnded,
]);

const toLab: v.GenericSchema<unknown, ToLab> = v.variant('type', [
  v.strictObject({ type: v.literal('ready'), version: whole, engine: text, device: text }),
  v.strictObject({ type: v.literal('unable'), problem }),
  v.strictObject({ type: v.literal('started'), run: whole, environment }),
  v.strictObject({ type: v.literal('heartbeat'), run: v.nullable(whole), progress }),
  v.strictObject({ type: v.literal('epoch'), run: whole, metrics: epochMetricsSchema }),
  v.strictObject({
    type: v.literal('checkpoint'),
    run: whole,
    purpose: v.picklist(['resume', 'final']),
    weights: notice,
  }),
  v.strictObject({
    type: v.literal('ended'),
    run: whole,
    end: v.picklist(['completed', 'stopped', 'halted']),
  }),
  v.strictObject({ type: v.literal('failed'), run: whole, failure: failureSchema }),
  v.strictObject({ type: v.literal('log'), run: v.nullable(whole), level, text }),
  chunk,
  chunkTaken,
  transferEnded,
]);

/** What the lab sent, checked. Throws LabError `workers.bad-message`. */
export const parseToWorker = (message: unknown): ToWorker => parse(toWorker, message);

/** What a worker sent, checked. Throws LabError `workers.bad-message`. */
export const parseToLab = (message: unknown): ToLab => parse(toLab, message);

function parse<Message>(schema: v.GenericSchema<unknown, Message>, message: unknown): Message {
  const result = v.safeParse(schema, message);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const type = (message as { type?: unknown } | null)?.type;
  const which = typeof type === 'string' ? `"${type.slice(0, 40)}"` : 'a message without a type';
  throw new LabError(
    'workers.bad-message',
    `${which} at ${v.getDotPath(issue) ?? 'its top'}: ${issue.message.slice(0, 200)}`,
  );
}
