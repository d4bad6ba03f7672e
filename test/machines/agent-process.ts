/**
 * An agent in a process of its own: `agent-process.ts PAIRING-FILE FOLDER [PROGRAM]`, with one slot
 * of the processor. PROGRAM takes the place of the workers' program.
 */
import { readFileSync } from 'node:fs';
import { runAgent } from '../../core/machines/agent.ts';
import type { Pairing } from '../../core/study/pairing.ts';
import { cpu } from '../workers/jobs.ts';

const [file, folder, program] = process.argv.slice(2);
const ending = new AbortController();
process.on('SIGTERM', () => {
  ending.abort();
});
const slots = Number(process.env.KTG_TEST_SLOTS ?? 1);
await runAgent(JSON.parse(readFileSync(file!, 'utf8')) as Pairing, {
  engine: process.env.KTG_TEST_ENGINE === 'tensorflow' ? 'tensorflow' : 'auto',
  dataFolder: null,
  folder: folder!,
  devices: [cpu(slots, Math.max(2, slots))],
  cores: Number(process.env.KTG_TEST_CORES ?? 2),
  ...(program && { program }),
  signal: ending.signal,
  log: (line) => {
    if (process.env.KTG_TEST_LOG) console.error(line);
  },
});
