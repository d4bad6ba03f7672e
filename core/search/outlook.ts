import type { Store } from '../store/store.ts';
import { recordOf, trainingOf } from './owner.ts';
import { expectedShareOf } from './rules/rules.ts';
import type { Outlook } from './time-left.ts';
import type { Work } from './work.ts';

/** Facts about the rest of a study or re-run that runs, for its time left. */
export function outlookOf(store: Store, work: Work, slots: number): Outlook {
  const record = recordOf(store, work.owner);
  const { epochs } = trainingOf(record);
  const rule = 'plan' in record ? record.plan.rule : null;
  const { pace } = work;
  const undrawn = Math.max(0, work.trials - work.nextTrial);
  const open = [...work.waiting, ...work.live].map((id) => store.run(id));
  // What runs on for the audit comes to its end: no rung stops it.
  const audits = open.filter(({ audit }) => audit !== null);
  const pretraining = [...work.needs].flatMap((id) => store.pretrained(id).run ?? []);
  return {
    epochs,
    survival: pace.survival,
    expectedShare: rule ? expectedShareOf(rule) : 1,
    fresh: (undrawn * (pace.trainable + 1)) / (pace.drawn + 1),
    underWay: open.filter(({ audit }) => audit === null).map(({ epoch }) => epoch),
    before: [...pretraining.map((id) => store.run(id)), ...audits].reduce(
      (sum, { epoch }) => sum + epochs - epoch,
      0,
    ),
    secondsPerEpoch: pace.epochs === 0 ? null : pace.seconds / pace.epochs,
    slots,
  };
}
