import * as v from 'valibot';
import { problemSchema } from '../base/problem.ts';
import { MAX_NODES } from '../graph/graph.ts';
import { checkpointSchema } from '../study/checkpoint.ts';
import { environmentSchema } from '../study/environment.ts';
import { lineSchema, sha256Schema, textSchema, whole } from '../study/fields.ts';
import { epochMetricsSchema } from '../study/metrics.ts';
import { failureSchema, stopWhenSchema } from '../study/run.ts';
import {
  jobEndSchema,
  jobEntries,
  logLevelSchema,
  progressSchema,
  verdictSchema,
  weightsEntries,
} from '../workers/messages.ts';
import { URGENCIES } from './budget.ts';

/**
 * A change of any message needs a new number; a lab lists a machine with another number as one that
 * needs an update.
 */
export const PROTOCOL = 3;

/** Bytes of weights in one answer: below the broker's largest message, which is 1 MiB. */
export const PART_BYTES = 1 << 18;

/** Rate limit of one machine, parts of weights not counted; above it the lab cuts it off. */
export const MAX_MESSAGES_A_SECOND = 1000;

/** The same for parts of weights. */
export const MAX_PULLS_A_SECOND = 4000;

/** Header of an answer that holds a problem in place of bytes. */
export const PROBLEM_HEADER = 'Ktg-Problem';

/** Data sets that a machine names. */
export const MAX_DATA_SETS = 200;
const MAX_DEVICES = 64;
const MAX_SLOTS = 512;

const count = whole();
const name = lineSchema(100);
/**
 * Random words that tell one start of an agent, or of a lab, from another. No message to a machine
 * holds the word of its agent, so that another agent with a copied pairing never learns it.
 */
const nonce = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));

/** What every message about a job carries: the attempt of the store is the fence. */
const jobKey = { run: whole(1), attempt: whole(1) };
const jobKeySchema = v.strictObject(jobKey);
export type JobKey = v.InferOutput<typeof jobKeySchema>;

/** An attempt as the key of a map. */
export const nameOfJob = ({ run, attempt }: JobKey): string => `${run}/${attempt}`;

const slotSchema = v.strictObject({
  name,
  device: name,
  state: v.picklist(['starting', 'ready', 'busy', 'retired', 'broken']),
  problem: v.pipe(v.string(), v.maxLength(2000)),
});

const deviceSchema = v.strictObject({
  name,
  title: v.pipe(v.string(), v.maxLength(200)),
  kind: v.picklist(['cpu', 'gpu']),
  memory: v.nullable(whole()),
  slots: whole(0, MAX_SLOTS),
  maximumSlots: whole(0, MAX_SLOTS),
  present: v.boolean(),
  note: v.exactOptional(v.pipe(v.string(), v.maxLength(2000))),
  obstacle: v.exactOptional(problemSchema),
  uuid: v.exactOptional(v.pipe(v.string(), v.maxLength(100))),
});

/** The slots of an agent as they are now; a snapshot with a lower `tick` is older. */
const snapshot = {
  tick: count,
  slots: v.pipe(v.array(slotSchema), v.maxLength(MAX_SLOTS)),
};

/** Versions of an agent's programs. */
const versionsSchema = v.strictObject({
  protocol: count,
  app: v.pipe(v.string(), v.maxLength(100)),
  revision: v.nullable(v.pipe(v.string(), v.maxLength(100))),
  runtime: v.pipe(v.string(), v.maxLength(100)),
  engine: v.pipe(v.string(), v.maxLength(200)),
  /** Of the cards; null without one. */
  driver: v.nullable(v.pipe(v.string(), v.maxLength(100))),
  host: v.pipe(v.string(), v.maxLength(300)),
});
export type Versions = v.InferOutput<typeof versionsSchema>;

/** A job that an agent has: it says so after each connection. */
const heldJob = v.strictObject({
  ...jobKey,
  slot: name,
  /** Last epoch that the lab has answered, or the one it went on from. */
  epoch: count,
  /** Reports that the lab has answered. */
  number: count,
});

/** Machine to lab: who it is and what it has. Asked again until it is answered. */
export const helloSchema = v.strictObject({
  boot: nonce,
  versions: versionsSchema,
  /** Names of the data sets that it has. */
  data: v.pipe(v.array(name), v.maxLength(MAX_DATA_SETS)),
  /** Data sets that it was asked to get and could not. */
  failed: v.pipe(
    v.array(v.strictObject({ data: name, problem: problemSchema })),
    v.maxLength(MAX_DATA_SETS),
  ),
  devices: v.pipe(
    v.array(deviceSchema),
    v.maxLength(MAX_DEVICES),
    v.check((all) => new Set(all.map((each) => each.name)).size === all.length, 'Names repeat.'),
  ),
  ...snapshot,
  held: v.pipe(v.array(heldJob), v.maxLength(MAX_SLOTS)),
});
export type Hello = v.InferOutput<typeof helloSchema>;

/** Answer to a hello. */
export const welcomeSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('welcome'),
    session: nonce,
    /** Jobs that go on; the agent ends all others. */
    keep: v.array(jobKeySchema),
    /** Seconds without a word of the lab after which the agent ends its jobs. */
    grace: count,
    /** Seconds between two routine checkpoints of a job that go to the lab. */
    handEvery: v.pipe(v.number(), v.minValue(0)),
  }),
  v.strictObject({ type: v.literal('refused'), problem: problemSchema }),
]);
export type Welcome = v.InferOutput<typeof welcomeSchema>;

/** Machine to lab, once a second and after a change: nobody waits for it. */
export const beatSchema = v.strictObject({
  boot: nonce,
  session: nonce,
  ...snapshot,
  jobs: v.pipe(
    v.array(
      v.strictObject({
        ...jobKey,
        /** Grows with each sign of life of the worker. */
        signs: count,
        progress: progressSchema,
      }),
    ),
    v.maxLength(MAX_SLOTS),
  ),
});
export type Beat = v.InferOutput<typeof beatSchema>;
export type Snapshot = Pick<Beat, keyof typeof snapshot>;

/** What a job reports. */
const eventSchema = v.variant('type', [
  v.strictObject({ type: v.literal('started'), environment: environmentSchema }),
  v.strictObject({ type: v.literal('epoch'), metrics: epochMetricsSchema }),
  v.strictObject({
    type: v.literal('log'),
    level: logLevelSchema,
    text: textSchema,
  }),
  v.strictObject({
    type: v.literal('ended'),
    end: jobEndSchema,
    ...snapshot,
  }),
  v.strictObject({ type: v.literal('failed'), failure: failureSchema, ...snapshot }),
]);
export type JobEvent = v.InferOutput<typeof eventSchema>;

/** Machine to lab: the next event of a job, asked again until it is answered. */
export const reportSchema = v.strictObject({
  boot: nonce,
  session: nonce,
  ...jobKey,
  /** 1-based; a report is sent only when the one before it is answered. */
  number: whole(1),
  event: eventSchema,
});
export type Report = v.InferOutput<typeof reportSchema>;

/** Machine to lab: a checkpoint that the lab may pull now; asked again until it is answered. */
export const offerSchema = v.strictObject({
  boot: nonce,
  session: nonce,
  ...jobKey,
  /** 1-based, counted for each job. */
  number: whole(1),
  purpose: checkpointSchema.entries.purpose,
  /** What is waited for goes first: the end of a run, a pause, nothing. */
  urgency: v.picklist(URGENCIES),
  ...weightsEntries,
});
export type Offer = v.InferOutput<typeof offerSchema>;

/** Answer to a report or an offer. */
export const answerSchema = v.variant('type', [
  /** It is in the store. `verdict` answers an epoch, `problem` tells why weights were not stored. */
  v.strictObject({
    type: v.literal('taken'),
    verdict: v.nullable(verdictSchema),
    problem: textSchema,
  }),
  /** The attempt is no longer the lab's: the agent ends it. */
  v.strictObject({ type: v.literal('gone') }),
]);
export type Answer = v.InferOutput<typeof answerSchema>;

/** Either way: asks for the next part of weights. The answer is bytes, or PROBLEM_HEADER. */
export const pullSchema = v.strictObject({ ...jobKey, sha256: sha256Schema, offset: count });

/** Machine to lab: the next part of a file of a data set. */
export const archivePullSchema = v.strictObject({ sha256: sha256Schema, offset: count });

const weightsSchema = v.strictObject(weightsEntries);

/** Lab to machine. All are asked again until they are answered, and may be done twice. */
export const orderSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('start'),
    session: nonce,
    slot: name,
    job: v.strictObject({
      ...jobEntries,
      resume: v.nullable(weightsSchema),
      teachers: v.pipe(
        v.array(v.strictObject({ node: count, weights: weightsSchema })),
        v.maxLength(MAX_NODES),
      ),
    }),
  }),
  v.strictObject({
    type: v.literal('stop'),
    session: nonce,
    ...jobKey,
    when: stopWhenSchema,
    keep: v.boolean(),
  }),
  v.strictObject({ type: v.literal('kill'), session: nonce, ...jobKey }),
  v.strictObject({
    type: v.literal('slots'),
    session: nonce,
    device: name,
    count: whole(0, MAX_SLOTS),
  }),
  /** The agent gets a data set that it does not have: an official one, or one of the lab. */
  v.strictObject({ type: v.literal('fetch'), session: nonce, data: name }),
  /** All jobs hand a checkpoint over and leave, to go on elsewhere. */
  v.strictObject({ type: v.literal('yield'), session: nonce }),
  /** Says that the lab is there; answered by every agent, also before its hello. */
  v.strictObject({
    type: v.literal('ping'),
    session: nonce,
    /** Asks for another hello: the lab has given the machine's jobs up. */
    again: v.boolean(),
  }),
]);
export type Order = v.InferOutput<typeof orderSchema>;

/** Answer to an order. */
export const orderAnswerSchema = v.variant('type', [
  v.strictObject({ boot: nonce, type: v.literal('done'), ...snapshot }),
  v.strictObject({ boot: nonce, type: v.literal('refused'), problem: problemSchema }),
  /** The agent has not said hello to this session yet. */
  v.strictObject({ boot: nonce, type: v.literal('hello-first') }),
]);
export type OrderAnswer = v.InferOutput<typeof orderAnswerSchema>;
