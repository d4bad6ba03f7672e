import { powerSaveBlocker } from 'electron';
import type { LabApi, SlotView } from '../core/lab/api.ts';

/** Prevents sleep of the machine during training; the screen may turn off. Returns its undo. */
export function preventSleep(lab: LabApi): () => void {
  let blocker: number | null = null;
  const follow = (slots: readonly SlotView[]): void => {
    const busy = slots.some(({ run }) => run !== null);
    if (busy && blocker === null) blocker = powerSaveBlocker.start('prevent-app-suspension');
    if (!busy && blocker !== null) {
      powerSaveBlocker.stop(blocker);
      blocker = null;
    }
  };
  const undo = lab.subscribe(['slots'], (event) => {
    if (event.type === 'slots') follow(event.slots);
  });
  lab.request('slots.list', {}).then(follow, () => undefined);
  return () => {
    undo();
    follow([]);
  };
}
