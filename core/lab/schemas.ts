import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { badImages, imageSides } from '../data/images/spec.ts';
import { gateSchema, modelSchema } from '../graph/schema.ts';
import { closestIssue, issueText } from '../base/issue.ts';
import {
  fractionSchema as fraction,
  graphRecord as graph,
  idSchema as id,
  lineSchema,
  seedSchema,
  whole,
} from '../study/fields.ts';
import { bundleSchema } from '../study/bundle.ts';
import { newLauncherSchema } from '../study/machine.ts';
import { machineIdSchema, machineNameSchema } from '../study/pairing.ts';
import { studyPlanSchema, trainingSchema } from '../study/plan.ts';
import { runStateSchema, stopWhenSchema as when } from '../study/run.ts';
import { notesSchema, tagsSchema } from '../study/tags.ts';
import {
  none,
  name,
  path,
  fullPath,
  priority,
  notes,
  file,
  ofStudy,
  ofRun,
  ofRerun,
  networkFormat,
  ofMachine,
  ofData,
  portion,
  rerunFields,
  ablationFields,
  reads,
} from './input-fields.ts';

/** Lists and records inside each other in a request; a plan has about eight. */
const MAX_DEPTH = 64;

/** The input of every request, and whether the log names its refusal. */
const schemas = {
  'lab.status': reads(none),
  'lab.check': reads(none),
  'lab.backup': v.strictObject({ path: fullPath }),
  'lab.copy': none,
  'lab.compact': none,

  'studies.list': reads(none),
  'studies.preview': reads(v.strictObject({ plan: studyPlanSchema })),
  /** Trains some steps of a plan's networks, on `slot` or a free one, for its expected time. */
  'studies.probe': reads(v.strictObject({ plan: studyPlanSchema, slot: v.exactOptional(name) })),
  'studies.create': v.strictObject({
    name,
    plan: studyPlanSchema,
    priority: v.exactOptional(priority),
    notes: v.exactOptional(notes),
    start: v.boolean(),
  }),
  'studies.open': reads(ofStudy),
  'studies.change': v.strictObject({
    study: id,
    name: v.exactOptional(name),
    notes: v.exactOptional(notes),
    tags: v.exactOptional(tagsSchema),
    priority: v.exactOptional(priority),
    trials: v.exactOptional(whole(1, 1_000_000)),
  }),
  /** `failed`: trials that failed or were out of memory start again. */
  'studies.resume': v.strictObject({ study: id, failed: v.exactOptional(v.boolean()) }),
  'studies.pause': v.strictObject({ study: id, when }),
  'studies.stop': v.strictObject({ study: id, when }),
  'studies.remove': ofStudy,
  'studies.export': v.strictObject({ study: id, weights: v.boolean() }),
  'studies.optuna': ofStudy,
  'studies.latex': ofStudy,
  'studies.found': reads(v.strictObject({ file })),
  /** `study` names one study of an Optuna file; needed where the file has several. */
  'studies.import': v.strictObject({
    file,
    name: v.exactOptional(name),
    study: v.exactOptional(v.pipe(v.string(), v.maxLength(1000))),
  }),
  'studies.timeline': reads(ofStudy),
  'studies.environments': reads(ofStudy),
  'studies.redraw': reads(ofStudy),
  /** Without `rung`: the highest rung that 30 trials have reached. */
  'studies.effects': reads(v.strictObject({ study: id, rung: v.exactOptional(whole(1, 100_000)) })),

  'trials.query': reads(
    v.strictObject({
      study: id,
      states: v.exactOptional(
        v.pipe(v.array(runStateSchema), v.maxLength(runStateSchema.options.length)),
      ),
      /** Edges that the graph must have. */
      edges: v.exactOptional(
        v.pipe(
          v.array(
            v.strictObject({ source: whole(0, 7), destination: whole(1, 7), gate: gateSchema }),
          ),
          v.maxLength(49),
        ),
      ),
      /** Whether the graph must have a frozen node. */
      frozen: v.exactOptional(v.boolean()),
      minimumAccuracy: v.exactOptional(fraction),
      maximumAccuracy: v.exactOptional(fraction),
      minimumEpoch: v.exactOptional(whole()),
      sort: v.exactOptional(
        v.strictObject({
          by: v.picklist(['number', 'accuracy', 'epoch', 'state', 'startedAt', 'seconds']),
          descending: v.boolean(),
        }),
      ),
      offset: v.exactOptional(whole()),
      limit: v.exactOptional(whole(0, 100_000)),
    }),
  ),
  'runs.open': reads(ofRun),
  /** The epochs from `after + 1` on. */
  'runs.epochs': reads(v.strictObject({ run: id, after: v.exactOptional(whole()) })),
  'runs.pin': v.strictObject({ run: id, pinned: v.boolean() }),
  'runs.annotate': v.strictObject({
    run: id,
    notes: v.exactOptional(notesSchema),
    tags: v.exactOptional(tagsSchema),
  }),
  'runs.stop': v.strictObject({ run: id, when }),
  'runs.retry': ofRun,
  'runs.weights': v.strictObject({
    run: id,
    node: v.exactOptional(whole(1, 7)),
    format: v.exactOptional(networkFormat),
  }),

  'decisions.list': reads(v.union([ofStudy, ofRun])),
  'compare.runs': reads(v.strictObject({ runs: v.pipe(v.array(id), v.maxLength(12)) })),

  'devices.list': reads(none),
  'slots.list': reads(none),
  'slots.set': v.strictObject({ device: name, slots: whole(0, 1024) }),

  'machines.list': reads(none),
  'machines.add': v.strictObject({ name: machineNameSchema, launcher: newLauncherSchema }),
  'machines.drain': v.strictObject({ machine: machineIdSchema, on: v.boolean() }),
  'machines.pause': ofMachine,
  'machines.start': ofMachine,
  'machines.remove': ofMachine,
  'machines.log': reads(ofMachine),

  'reruns.list': reads(none),
  'reruns.open': reads(ofRerun),
  'reruns.preview': reads(v.strictObject(rerunFields)),
  'reruns.create': v.strictObject({
    name,
    ...rerunFields,
    priority: v.exactOptional(priority),
    start: v.boolean(),
  }),
  'reruns.resume': ofRerun,
  'reruns.pause': v.strictObject({ rerun: id, when }),
  'reruns.stop': v.strictObject({ rerun: id, when }),
  'reruns.rename': v.strictObject({ rerun: id, name }),
  'reruns.remove': ofRerun,
  'reruns.environments': reads(ofRerun),
  'reruns.export': v.strictObject({ rerun: id, format: v.picklist(['csv', 'json', 'latex']) }),

  'reruns.bundle': ofRerun,
  'reruns.verify': v.strictObject({
    bundle: bundleSchema,
    data: v.exactOptional(path),
    start: v.boolean(),
  }),

  'ablations.preview': reads(v.strictObject(ablationFields)),
  'ablations.create': v.strictObject({
    name,
    ...ablationFields,
    priority: v.exactOptional(priority),
    start: v.boolean(),
  }),

  'pretrained.list': reads(none),
  'pretrained.train': v.strictObject({
    model: modelSchema,
    training: trainingSchema,
    seed: seedSchema,
  }),
  'pretrained.import': v.strictObject({ model: modelSchema, training: trainingSchema, file }),
  'pretrained.export': v.strictObject({
    pretrained: id,
    format: v.exactOptional(networkFormat),
  }),
  'pretrained.remove': v.strictObject({ pretrained: id }),
  'teachers.import': v.strictObject({
    file,
    model: modelSchema,
    training: trainingSchema,
    name: v.exactOptional(name),
    part: v.exactOptional(v.pipe(v.string(), v.maxLength(1000))),
    acceptAny: v.exactOptional(v.boolean()),
  }),

  'graphs.list': reads(none),
  'graphs.save': v.strictObject({ name, graph }),
  'graphs.remove': v.strictObject({ graph: id }),

  'data.list': reads(none),
  'data.download': ofData,
  'data.cancel': ofData,
  'data.add': v.strictObject({
    file,
    side: v.exactOptional(v.picklist(imageSides)),
    bad: v.exactOptional(v.picklist(badImages)),
  }),
  /** `copy`: also delete the copy that the lab keeps of what was sent. */
  'data.remove': v.strictObject({ data: path, copy: v.exactOptional(v.boolean()) }),
  'data.decoded': reads(none),
  'data.clean': none,
  'data.samples': reads(v.strictObject({ data: path, count: whole(1, 200) })),

  'engine.install': v.strictObject({ kind: v.picklist(['cpu', 'gpu']) }),
  'engine.cancel': none,
  'engine.remove': none,

  'settings.get': reads(none),
  'settings.set': v.strictObject({
    dataFolder: v.exactOptional(fullPath),
    slots: v.exactOptional(v.record(name, whole(0, 1024))),
    engine: v.exactOptional(v.picklist(['auto', 'tensorflow', 'portable'])),
    /** Seconds of training between checkpoints. */
    checkpointEvery: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.maxValue(86_400))),
    notifications: v.exactOptional(v.boolean()),
    theme: v.exactOptional(v.picklist(['system', 'light', 'dark'])),
    /** Values that the pages remember, by name. */
    view: v.exactOptional(v.record(name, v.unknown())),
  }),
  'log.read': reads(
    v.strictObject({
      before: v.exactOptional(whole()),
      study: v.exactOptional(id),
      run: v.exactOptional(id),
      limit: v.exactOptional(whole(1, 10_000)),
    }),
  ),

  'files.begin': v.strictObject({ name, bytes: whole() }),
  'files.append': v.strictObject({ upload: lineSchema(100), offset: whole(), data: portion }),
  'files.read': reads(v.strictObject({ download: lineSchema(100), offset: whole() })),
  'files.forget': v.strictObject({ file: lineSchema(100) }),
};

export type RequestName = keyof typeof schemas;
/** Input of a request in normal form, after its check. */
export type RequestInput<Name extends RequestName> = v.InferOutput<(typeof schemas)[Name]>;
const inputs: { [Name in RequestName]: v.GenericSchema<unknown, RequestInput<Name>> } = schemas;

/** Whether the log names a refusal of this request, because a person asked for a change. */
export const logsRefusal = (request: RequestName): boolean =>
  v.getMetadata(inputs[request]).logsRefusal !== false;

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1)));

/**
 * A request's input, checked and in normal form. Throws LabError `lab.unknown-request`,
 * `lab.bad-input`, and for graphs, spaces and models their own.
 */
export function parseInput<Name extends RequestName>(
  request: Name,
  input: unknown,
): RequestInput<Name> {
  if (!Object.hasOwn(schemas, request))
    throw new LabError('lab.unknown-request', { request: request.slice(0, 100) });
  if (isDeeper(input, MAX_DEPTH))
    throw new LabError('lab.bad-input/depth', { request, limit: MAX_DEPTH });
  const result = v.safeParse(inputs[request], input);
  if (result.success) return result.output;
  const issue = closestIssue(result.issues[0]);
  const place = v.getDotPath(issue);
  throw new LabError('lab.bad-input', {
    message:
      `${request}${place === null ? '' : `, ${place}`}: ${issueText(issue).slice(0, 300)}.`.replace(
        '..',
        '.',
      ),
  });
}
