import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { MachineManager } from '../../core/machines/machine-manager.ts';
import type { MachineView } from '../../core/machines/machine-view.ts';
import { Machines } from '../../core/machines/machines.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import { ScriptedRunner } from '../search/scripted-runner.ts';

/** A lab's machines without local slots. */
export async function openManager(
  t: TestContext,
  folder: string,
  store = openMemoryStore(),
  now = Date.now,
) {
  const runner = await Machines.join(new ScriptedRunner({ slots: 0 }));
  const machines = new MachineManager({ store, runner, folder: join(folder, 'machines'), now });
  await machines.open();
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await runner.close();
    await machines.close();
  };
  t.after(close);
  return { machines, runner, store, close };
}

/** Waits for a view that fits. @throws the machine's problem */
export async function until(
  machines: MachineManager,
  id: string,
  fits: (view: MachineView) => boolean,
): Promise<MachineView> {
  for (;;) {
    const view = machines.view(id);
    if (fits(view)) return view;
    const isFatal = view.problem !== null && view.problem.code !== 'machines.no-engine';
    if (view.state !== 'reachable' && isFatal)
      throw new Error(`${view.state}: ${view.problem!.message}`);
    await delay(50);
  }
}
