import { join } from 'node:path';
import { LabError } from '../base/errors.ts';
import { withLock } from '../base/lock.js';
import { makeFolder } from '../base/folder.js';
import { probeCuda } from '../devices/cuda-probe.ts';
import { localDevices } from '../host/local-workers.ts';
import { engineHome } from '../install/engine-home.ts';
import { engineFacts } from '../lab/engine-library.ts';
import { noteProgram } from '../machines/launchers/old-programs.ts';
import { runAgent } from '../machines/agent.ts';
import { readPairing } from '../machines/pairing.ts';
import type { Pairing } from '../study/pairing.ts';
import { type Command, Exit } from './command.ts';
import { line } from './report.ts';
import { interruption } from './training-run.ts';
import { choiceOf, textOf } from './values.ts';

export const command: Command = {
  forms: [['agent --pairing FILE [options]', 'trains on this machine for a lab elsewhere']],
  options: {
    pairing: {
      type: 'string',
      value: 'FILE',
      help: 'what `ktg machines add` wrote; only its owner may read it',
    },
    engine: {
      type: 'string',
      value: 'E',
      help: 'auto (default), tensorflow or portable',
    },
  },
  note:
    'Ctrl-C once hands the runs over to the lab and ends, twice ends at once. Without its lab an ' +
    'agent trains to the next rung and waits; after half an hour it ends its runs.',
  words: 0,
  async run(values) {
    const file = textOf(values, 'pairing');
    if (file === undefined || file === '') throw new LabError('arguments.no-file/pairing');
    const pairing = readPairing(file);
    const engine = choiceOf(values, 'engine', ['auto', 'tensorflow', 'portable'], 'auto');
    await alone(file, pairing, () => {
      noteProgram(file);
      return serve(pairing, engine);
    });
    return Exit.done;
  },
};

async function serve(pairing: Pairing, engine: 'auto' | 'tensorflow' | 'portable'): Promise<void> {
  const { lookAtDevices, share } = localDevices();
  const folder = join(engineHome(), 'agents', `${pairing.lab}-${pairing.machine}`);
  makeFolder(folder);
  const stop = interruption();
  try {
    await runAgent(pairing, {
      engine,
      engineTitle: engineFacts(engine).version,
      driver: probeCuda().driver,
      dataFolder: null,
      folder,
      devices: await lookAtDevices(true),
      lookAtDevices,
      share,
      signal: stop.signal,
      log: (text) => {
        line(`${new Date().toISOString()} ${text}`);
      },
    });
  } finally {
    stop.end();
  }
}

/**
 * Runs `work` while no other agent uses the pairing.
 *
 * @throws LabError `machines.agent-runs`
 */
async function alone(file: string, { name }: Pairing, work: () => Promise<void>): Promise<void> {
  const waits = new AbortController();
  try {
    await withLock(`${file}.lock`, work, {
      onWait: (pid) => {
        waits.abort(new LabError('machines.agent-runs', { name, pid }));
      },
      signal: waits.signal,
    });
  } catch (error) {
    throw waits.signal.aborted ? waits.signal.reason : error;
  }
}
