/** Fields that the inputs of several requests of the lab share. */
import { isAbsolute } from 'node:path';
import * as v from 'valibot';
import { ABLATION_KINDS } from '../graph/ablate.ts';
import { BASELINES } from '../study/rerun.ts';
import { graphRecord as graph, idSchema as id, lineSchema, whole } from '../study/fields.ts';
import { machineIdSchema } from '../study/pairing.ts';
import { placeSchema } from '../study/place.ts';
import { trainingSchema } from '../study/plan.ts';
import { exportFormats } from '../workers/export-network.ts';

/** Input of a request without parameters. */
export type None = Record<string, never>;
export const none: v.GenericSchema<None> = v.strictObject({});
export const name = lineSchema(200);
export const path = lineSchema(4096);
/** Clients do not know in which folder the lab was started. */
export const fullPath = v.pipe(path, v.check(isAbsolute, 'Expected an absolute path'));
export const priority = whole(-1000, 1000);
export const notes = v.pipe(v.string(), v.maxLength(100_000));
/** A path on the lab's machine, or a file that was uploaded over the connection. */
export const file = v.union([
  v.strictObject({ path }),
  v.strictObject({ upload: lineSchema(100) }),
]);
export type FileInput = v.InferOutput<typeof file>;
export const ofStudy = v.strictObject({ study: id });
export const ofRun = v.strictObject({ run: id });
export const ofRerun = v.strictObject({ rerun: id });
export const networkFormat = v.picklist(exportFormats);
/** Python source of a PyTorch module, its weights in PyTorch's layout, or ONNX. */
export type NetworkFormat = v.InferOutput<typeof networkFormat>;
export const ofMachine = v.strictObject({ machine: machineIdSchema });
export const ofData = v.strictObject({ data: path });
/** A portion of a file in base64: 4 characters for 3 bytes. */
export const portion = v.pipe(
  v.string(),
  v.maxLength(Math.ceil((1 << 20) / 3) * 4),
  v.regex(/^[A-Za-z0-9+/]*={0,2}$/),
);
export const rerunFields = {
  /** The graph of a trial, or any graph. */
  from: v.union([ofRun, v.strictObject({ graph })]),
  /** Number of new seeds. */
  seeds: whole(1, 100),
  baselines: v.pipe(v.array(v.picklist(BASELINES)), v.maxLength(BASELINES.length)),
  /** Without it: the study's plan with `purpose: 'final'`. */
  training: v.exactOptional(trainingSchema),
  /** Where its runs train, in place of what their training says; null: on every slot. */
  place: v.exactOptional(v.nullable(placeSchema)),
};

export const ablationFields = {
  from: rerunFields.from,
  seeds: rerunFields.seeds,
  training: rerunFields.training,
  place: rerunFields.place,
  kind: v.picklist(ABLATION_KINDS),
};

/**
 * Marks a request that only reads. Its refusal changes nothing, so the log leaves it out; the log
 * names the refusal of every other request.
 */
export const reads = <Schema extends v.GenericSchema>(schema: Schema) =>
  v.pipe(schema, v.metadata({ logsRefusal: false }));
