/**
 * Many scripted agents in a process of their own: `agent-host.ts FILE`, with a `HostedAgents` as
 * JSON. Prints a line when all are connected.
 */
import { readFileSync } from 'node:fs';
import type { Pairing } from '../../core/study/pairing.ts';
import type { Script } from '../search/scripted-runner.ts';
import { ScriptedAgent } from './lab.ts';

export interface HostedAgents {
  pairings: Pairing[];
  script: Pick<Script, 'slots' | 'pace' | 'checkpointEach' | 'checkpointBytes'>;
  /** Milliseconds between two beats. */
  beat: number;
}

const { pairings, script, beat } = JSON.parse(
  readFileSync(process.argv[2]!, 'utf8'),
) as HostedAgents;
for (let start = 0; start < pairings.length; start += 50)
  await Promise.all(
    pairings
      .slice(start, start + 50)
      .map(async (pairing) => ScriptedAgent.start(pairing, script, { beat })),
  );
console.log('connected');
