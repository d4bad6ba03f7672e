import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createUser } from '@nats-io/nkeys';
import * as v from 'valibot';
import { LabError, messageOf } from '../base/errors.ts';
import { timeSchema, whole } from '../study/fields.ts';
import { labIdSchema, machineIdSchema } from '../study/pairing.ts';

const userSchema = v.strictObject({
  id: machineIdSchema,
  publicKey: v.pipe(v.string(), v.regex(/^U[A-Z2-7]{55}$/)),
  /** When its pairing was made. */
  at: timeSchema,
  /** True when it has come in once. */
  used: v.boolean(),
});
export type BrokerUser = v.InferOutput<typeof userSchema>;

/** What stays of a broker between two starts of the lab. It holds public keys only. */
const stateSchema = v.strictObject({
  format: v.literal('ktg-broker'),
  version: v.literal(1),
  lab: labIdSchema,
  port: whole(1, 65_535),
  machines: v.array(userSchema),
});
export type BrokerState = v.InferOutput<typeof stateSchema>;

/** Makes a key pair; the seed is secret. */
export function newUser(): { seed: string; publicKey: string } {
  const user = createUser();
  return { seed: new TextDecoder().decode(user.getSeed()), publicKey: user.getPublicKey() };
}

/**
 * Reads what a broker keeps in its folder; undefined for a new one.
 *
 * @throws LabError `machines.broker-folder` for a damaged file
 */
export function readState(folder: string): BrokerState | undefined {
  const file = join(folder, 'broker.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return v.parse(stateSchema, JSON.parse(text));
  } catch (error) {
    throw new LabError(
      'machines.broker-folder',
      { folder, reason: `broker.json cannot be read (${messageOf(error)})` },
      { cause: error },
    );
  }
}

/** A new lab on a port that is free now. */
export async function newState(listen: string): Promise<BrokerState> {
  const lab = randomBytes(8).toString('hex');
  return { format: 'ktg-broker', version: 1, lab, port: await freePort(listen), machines: [] };
}

function freePort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new TypeError('Expected a port.'));
      });
    });
  });
}
