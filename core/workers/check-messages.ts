import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { type ToLab, type ToWorker, toLabSchema, toWorkerSchema } from './messages.ts';

/** A message of the lab, checked. Throws LabError `workers.bad-message`. */
export const parseToWorker = (message: unknown): ToWorker => parse(toWorkerSchema, message);

/** A message of a worker, checked. Throws LabError `workers.bad-message`. */
export const parseToLab = (message: unknown): ToLab => parse(toLabSchema, message);

function parse<Message>(schema: v.GenericSchema<unknown, Message>, message: unknown): Message {
  const result = v.safeParse(schema, message);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const type = (message as { type?: unknown } | null)?.type;
  const which = typeof type === 'string' ? `"${type.slice(0, 40)}"` : 'a message without a type';
  throw new LabError('workers.bad-message/field', {
    which,
    place: v.getDotPath(issue) ?? 'its top',
    message: issue.message.slice(0, 200),
  });
}
