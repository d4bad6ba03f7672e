import * as v from 'valibot';
import { lineSchema, textSchema } from './fields.ts';

/** Identifies a lab on its broker: random, kept beside the lab file. */
export const labIdSchema = v.pipe(v.string(), v.regex(/^[a-z0-9]{8,32}$/));

/** Names a machine in subjects and slots: lower-case letters, digits and dashes. */
export const machineIdSchema = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,31}$/));

/** Name of a machine for people. */
export const machineNameSchema = lineSchema(60);

/** `host:port` of a broker, as the machine dials it; IPv6 addresses are in brackets. */
const serverSchema = v.pipe(
  v.string(),
  v.maxLength(300),
  v.regex(/^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/),
);

/** Secret key of a user in the text form of NATS. */
const seedSchema = v.pipe(v.string(), v.regex(/^SU[A-Z2-7]{56}$/));

/** Everything that an agent needs to find and convince its lab. The file is secret. */
export const pairingSchema = v.strictObject({
  format: v.literal('ktg-pairing'),
  version: v.literal(1),
  lab: labIdSchema,
  machine: machineIdSchema,
  name: machineNameSchema,
  servers: v.pipe(v.array(serverSchema), v.minLength(1), v.maxLength(8)),
  seed: seedSchema,
  /** Certificate (PEM) that the broker's certificate must come from. */
  ca: textSchema,
});
export type Pairing = v.InferOutput<typeof pairingSchema>;
