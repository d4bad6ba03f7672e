import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { fromWire, toWire } from '../workers/wire.ts';

/** A message as bytes. */
export const encode = (message: object): Uint8Array => Buffer.from(toWire(message));

/**
 * A message of the other side, checked.
 *
 * @throws LabError `agents.bad-message`
 */
export function decode<Message>(
  schema: v.GenericSchema<unknown, Message>,
  bytes: Uint8Array,
): Message {
  const found = parsed(schema, bytes);
  if (found.success) return found.output;
  const [issue] = found.issues;
  throw new LabError('agents.bad-message', {
    why: `${v.getDotPath(issue) ?? 'its top'}: ${issue.message.slice(0, 200)}`,
  });
}

function parsed<Message>(schema: v.GenericSchema<unknown, Message>, bytes: Uint8Array) {
  try {
    return v.safeParse(schema, fromWire(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    // A graph in a message may be refused by its own rules.
    if (error instanceof LabError)
      throw new LabError('agents.bad-message', { why: error.message }, { cause: error });
    throw error;
  }
}
