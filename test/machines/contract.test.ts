import { after, test } from 'node:test';
import type { Runner } from '../../core/search/runner.ts';
import { runnerContract } from '../contract/runner.ts';
import { job } from '../workers/jobs.ts';
import { TestBroker } from './broker.ts';
import { noBroker } from './open-broker.ts';
import { AgentProcess, formulaWorker, joinMachines } from './support.ts';

if (noBroker !== false) void test('machines', { skip: noBroker }, () => undefined);
else {
  const ids = Array.from({ length: 40 }, (_, index) => `m${index}`);
  const broker = await TestBroker.open(ids);
  const agents: AgentProcess[] = [];
  after(async () => {
    await Promise.all(agents.map(async (agent) => agent.close()));
    await broker.close();
  });

  runnerContract('workers of an agent in another process', async () => {
    const id = ids.pop()!;
    const agent = new AgentProcess(broker.pairing(id), formulaWorker, {
      KTG_FORMULA: JSON.stringify({ checkpointBytes: 600_000, beat: 10 }),
    });
    agents.push(agent);
    const machines = await joinMachines(broker, [id]);
    let starts = 0;
    const runner: Runner = {
      slots: () => machines.slots(),
      onSlots: (listener) => machines.onSlots(listener),
      devices: () => machines.devices(),
      setSlots: (device, count) => {
        machines.setSlots(device, count);
      },
      // The suite starts one attempt several times; to an agent that is the same start.
      start: (slot, started, listener) =>
        machines.start(slot, { ...started, attempt: ++starts }, listener),
      close: async () => {
        await machines.close();
        await agent.close();
      },
    };
    const training = { ...job().training, epochs: 8 };
    return { runner, job: job({ training, checkpointEvery: 0 }) };
  });
}
