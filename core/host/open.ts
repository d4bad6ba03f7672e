import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { makeFolder } from '../base/folder.js';
import { LabError, messageOf } from '../base/errors.ts';
import { dataHome } from '../base/data-home.ts';
import { openLabFile } from '../store/file/lab-file.ts';
import { openMemoryStore } from '../store/memory.ts';
import { appVersion, revision } from '../train/environment.ts';
import { cores } from '../devices/devices.ts';
import { WorkerPool } from '../workers/pool.ts';
import { engineFacts } from '../lab/engine-library.ts';
import { Lab } from '../lab/lab.ts';
import { readApart } from '../lab/look.ts';
import { MachineManager } from '../machines/machine-manager.ts';
import { Machines } from '../machines/machines.ts';
import { localDevices } from './local-workers.ts';

/** A lab in memory, for a look that leaves nothing behind. */
export const IN_MEMORY = ':memory:';

/** The lab file that is meant: the one named, KTG_LAB, or the usual one in the user's folder. */
export function labFile(named?: string): string {
  const wanted = named ?? process.env.KTG_LAB;
  if (wanted === IN_MEMORY) return IN_MEMORY;
  return wanted
    ? resolve(wanted)
    : join(dirname(dataHome({ ...process.env, KTG_DATA: '' })), 'lab.sqlite');
}

/**
 * Opens the lab in a file, which is created when it does not exist, with the workers of this
 * machine. Beside another lab it comes out read-only (`lab.status` says whose it is). Throws
 * LabErrors `store.*`.
 *
 * @param how `to-work` goes on with what was running; `at-rest` may change records and starts
 * nothing; `to-look` neither creates nor locks nor changes anything
 */
export async function openLab(
  file: string,
  how: 'to-work' | 'at-rest' | 'to-look' = 'to-work',
): Promise<Lab> {
  const readOnly = how === 'to-look';
  const usual = file === labFile(undefined);
  if (usual && !existsSync(file) && !readOnly) makeFolderOf(file);
  const store = file === IN_MEMORY ? openMemoryStore() : openLabFile(file, { readOnly });
  /** What is open, the last first. */
  const opened: { close(): Promise<void> | void }[] = [store];
  try {
    const works = how === 'to-work' && !store.place.readOnly;
    const { lookAtDevices, share } = localDevices();
    const pool = new WorkerPool({
      devices: works ? await lookAtDevices(true) : [],
      cores: cores(),
      ...(works && { lookAtDevices }),
      share,
    });
    opened.unshift(pool);
    await pool.settled();
    const runner = await Machines.join(pool, null, {
      pack: (spec, folder) => readApart('delivery', { spec, folder }),
      engineTitle: (requested) => engineFacts(requested).version,
    });
    opened[0] = runner; // it closes the pool too
    const machines = new MachineManager({
      store,
      runner: works ? runner : null,
      folder: file === IN_MEMORY ? null : `${file}.machines`,
    });
    opened.unshift(machines);
    await machines.open();
    return new Lab({ store, runner, machines, version: appVersion(), revision: revision() });
  } catch (error) {
    for (const each of opened) await each.close();
    throw error;
  }
}

function makeFolderOf(file: string): void {
  try {
    makeFolder(dirname(file));
  } catch (error) {
    throw new LabError(
      'store.cannot-open/home',
      { file, reason: messageOf(error) },
      { cause: error },
    );
  }
}
