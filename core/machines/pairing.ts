import { readFileSync, statSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { LabError, messageOf } from '../base/errors.ts';
import { makeFolder } from '../base/folder.js';
import { type Pairing, pairingSchema } from '../study/pairing.ts';
import type { Broker } from './broker.ts';
import { writePrivate } from './private-file.ts';

/** Days after which a pairing expires that no agent has used. */
export const pairingDays = 30;
const dayMs = 24 * 3600 * 1000;

/** Longest pairing file in bytes: a certificate has about 1 kB. */
const maxBytes = 64 * 1024;

/** Path of a machine's pairing file below the folder of the lab's broker. */
export const pairingFile = (folder: string, machine: string): string =>
  join(folder, 'pairings', `${machine}.json`);

/**
 * Lets a machine in and writes its pairing file (0600), the only place of its secret key.
 *
 * @param servers `host:port` as the machine dials the broker
 * @returns path of the file
 */
export async function pairMachine(
  broker: Broker,
  folder: string,
  machine: { id: string; name: string },
  servers: readonly string[],
): Promise<string> {
  const { seed } = await broker.addMachine(machine.id);
  const pairing = v.parse(pairingSchema, {
    format: 'ktg-pairing',
    version: 1,
    lab: broker.lab,
    machine: machine.id,
    name: machine.name,
    servers,
    seed,
    ca: broker.ca,
  });
  const file = pairingFile(folder, machine.id);
  makeFolder(join(folder, 'pairings'));
  await writePrivate(file, `${JSON.stringify(pairing, null, 2)}\n`);
  return file;
}

/** Takes a machine's key away and removes its pairing file. */
export async function unpairMachine(
  broker: Broker,
  folder: string,
  machine: string,
): Promise<void> {
  await broker.removeMachine(machine);
  await rm(pairingFile(folder, machine), { force: true });
}

/** A pairing as versions before TLS on every way wrote it: it would trust any broker. */
const plainPairingSchema = v.strictObject(v.omit(pairingSchema, ['ca']).entries);

/** True when a machine has a key and its pairing file pins the certificate of this broker. */
export function isPaired(broker: Broker, folder: string, machine: string): boolean {
  if (broker.machines().every(({ id }) => id !== machine)) return false;
  try {
    return readPairing(pairingFile(folder, machine)).ca === broker.ca;
  } catch (error) {
    if (error instanceof LabError) return false;
    throw error;
  }
}

/** True when the pairing file of a machine is there and has no certificate. */
export function isPlain(folder: string, machine: string): boolean {
  try {
    return v.is(plainPairingSchema, contentOf(pairingFile(folder, machine)));
  } catch {
    return false;
  }
}

const contentOf = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/**
 * Reads a pairing file.
 *
 * @throws LabError `machines.bad-pairing`: missing, damaged, of another version, without a
 * certificate, or readable by other users
 */
export function readPairing(file: string): Pairing {
  try {
    const { mode, size } = statSync(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new LabError('machines.bad-pairing/rights', { file });
    if (size > maxBytes) throw new Error(`it has ${size} bytes`);
    const read = contentOf(file);
    if (v.is(plainPairingSchema, read))
      throw new LabError('machines.bad-pairing/plain', { file, id: read.machine, name: read.name });
    return v.parse(pairingSchema, read);
  } catch (error) {
    if (error instanceof LabError) throw error;
    const reason = messageOf(error).replace(/\.$/, '');
    throw new LabError('machines.bad-pairing/file', { file, reason }, { cause: error });
  }
}

/**
 * Takes away every key that no agent has used for `pairingDays`, and removes pairing files of
 * machines without a key.
 *
 * @param mayExpire false for machines whose pairings only the lab itself delivers
 * @param now milliseconds since 1970
 * @returns ids of the machines that have to be paired again
 */
export async function expirePairings(
  broker: Broker,
  folder: string,
  now: number,
  mayExpire: (machine: string) => boolean = () => true,
): Promise<string[]> {
  const expired = broker
    .machines()
    .filter(({ id, used, at }) => !used && mayExpire(id) && now - at > pairingDays * dayMs)
    .map(({ id }) => id);
  for (const id of expired) await broker.removeMachine(id);
  const known = new Set(broker.machines().map(({ id }) => `${id}.json`));
  const files = await readdir(join(folder, 'pairings')).catch((): string[] => []);
  for (const name of files)
    if (!known.has(name)) await rm(join(folder, 'pairings', name), { force: true });
  return expired;
}
