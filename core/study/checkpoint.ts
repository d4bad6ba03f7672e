import * as v from 'valibot';
import { idSchema, sha256Schema, timeSchema, whole } from './fields.ts';

/** A saved state of a run; its bytes are safetensors and come and go in chunks, never as a path. */
export const checkpointSchema = v.strictObject({
  id: idSchema,
  /** null for imported weights. */
  run: v.nullable(idSchema),
  /** Epochs done. */
  epoch: whole(),
  /** `resume`: all that is needed to continue exactly. `final`: weights of a run that completed. */
  purpose: v.picklist(['resume', 'final']),
  bytes: whole(0, 2 ** 33),
  sha256: sha256Schema,
  createdAt: timeSchema,
});

export type Checkpoint = v.InferOutput<typeof checkpointSchema>;
export type CheckpointPurpose = Checkpoint['purpose'];
