import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { paperSpace, withGates } from '../../core/graph/space.ts';
import { addAblation } from '../../core/search/ablation.ts';
import { addRerun } from '../../core/search/repeat.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { migrations } from '../../core/store/file/migrations.ts';
import { usualStart } from '../../core/study/start.ts';
import { newStudy } from '../contract/samples.ts';
import { scriptedLab } from '../search/lab.ts';

/**
 * Writes test/fixtures/store/schema-<n>.ktg for the present schema: a small lab with everything in
 * it. Run once before a schema is released; a kept file is never written again.
 */
const file = join(import.meta.dirname, `../fixtures/store/schema-${migrations.length}.ktg`);
if (existsSync(file)) throw new Error(`${file} is kept already`);
const store = openLabFile(file);
const { scheduler, until } = scriptedLab({ checkpointEach: 4 }, {}, store);
const space = withGates(paperSpace(2, 'resnet8', ['resnet8']), 0, 2, ['cutoff', 'through']);
const study = store.addStudy(
  newStudy('Kept', { trials: 12, space, start: usualStart, audit: 0.5 }),
);
scheduler.resume({ study: study.id });
await until(() => store.study(study.id).state === 'completed');
const best = store.runs({ study: study.id, states: ['completed'] })[0]!;
store.changeRun(best.id, { notes: 'Two lines\nof notes.', tags: ['good', 'kept'] });
store.changeStudy(study.id, { tags: ['kept'] });
const rerun = addRerun(
  store,
  {
    name: 'Kept again',
    graph: best.graph,
    study: study.id,
    trial: best.number,
    seeds: 2,
    baseSeed: 1,
    baselines: ['independent'],
    training: best.training,
    retries: 2,
    priority: 0,
  },
  1,
);
scheduler.resume({ rerun: rerun.id });
await until(() => store.rerun(rerun.id).state === 'completed');
addAblation(
  store,
  {
    ...{ name: 'Kept ablation', graph: best.graph, kind: 'edges', study: study.id },
    ...{ trial: best.number, seeds: 2, baseSeed: 1, training: best.training },
    ...{ retries: 2, priority: 0 },
  },
  2,
);
store.addMachine({
  id: 'lena',
  name: 'Lena',
  launcher: { kind: 'ssh', host: 'me@lena', port: 40_000 },
  drained: false,
  createdAt: 1,
});
await scheduler.close('save');
await store.compact();
store.close();
rmSync(`${file}.lock`);
