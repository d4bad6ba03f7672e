import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { LabError } from '../../core/base/errors.ts';
import { isDelivered } from '../../core/data/delivered.ts';
import { deliveredIn } from '../../core/data/delivery.ts';
import { openDataset } from '../../core/data/resolve.ts';
import { fetchData } from '../../core/machines/archives.ts';
import { Blobs } from '../../core/machines/blobs.ts';
import { newStudy, training } from '../contract/samples.ts';
import { photographs } from '../data/photographs.ts';
import { noFrozen, trialsOf } from '../search/studies.ts';
import { TestBroker } from './broker.ts';
import { RemoteLab, ScriptedAgent } from './lab.ts';
import { noBroker } from './open-broker.ts';

void describe('a person’s own images on other machines', { skip: noBroker }, async () => {
  if (noBroker !== false) return;
  const ids = ['a', 'b', 'c', 'd'];
  const broker = await TestBroker.open(ids);
  const folder = mkdtempSync(join(tmpdir(), 'ktg-own-'));
  const [root, home] = [join(folder, 'photos'), join(folder, 'home')];
  await photographs(root, 8);
  const spec = `images:side=32,path=${root}`;
  const closing: (() => Promise<unknown>)[] = [];
  after(async () => {
    for (const close of closing.reverse()) await close();
    await broker.close();
    await rm(folder, { recursive: true });
  });

  /** An agent with a data folder of its own. */
  const agent = async (id: string): Promise<{ far: ScriptedAgent; away: string }> => {
    const away = join(folder, id);
    const blobs = await Blobs.open(join(away, 'weights'));
    const data: string[] = ['synthetic'];
    const far = await ScriptedAgent.start(
      broker.pairing(id),
      { slots: 2 },
      {
        data,
        fetch: async (name, pull) => {
          const { signal } = new AbortController();
          const options = { home: away, blobs, signal };
          await fetchData(name, { ...options, pull: (file) => pull(file, signal) });
          data.push(...(await deliveredIn(away)));
        },
      },
    );
    closing.push(async () => far.vanish());
    return { far, away };
  };
  /** With 1000 a study that no slot suits pauses after 60 milliseconds, with 10 after 6 seconds. */
  const open = async (id: string, delayDivisor: number): Promise<RemoteLab> => {
    const lab = await RemoteLab.open(broker, [id], { scheduler: { delayDivisor } });
    closing.push(async () => lab.close());
    await lab.machines.renew({ dataFolder: home });
    return lab;
  };
  const begin = (lab: RemoteLab, data: string): number => {
    const change = { space: noFrozen, duplicates: 'train', trials: 4 } as const;
    const study = newStudy('Own', { ...change, training: training({ data }) });
    const { id } = lab.store.addStudy(study);
    lab.scheduler.resume({ study: id });
    return id;
  };
  const end = async (lab: RemoteLab, id: number): Promise<ReturnType<typeof lab.store.study>> => {
    await lab.until(() => lab.store.study(id).state !== 'running');
    return lab.store.study(id);
  };

  await test('travel once, and its runs train there', async () => {
    const { far, away } = await agent('a');
    const lab = await open('a', 10);
    const id = begin(lab, spec);
    assert.equal((await end(lab, id)).state, 'completed');
    const names = new Set(far.runner.started.map((job) => job.training.data));
    assert.equal(names.size, 1);
    const [name = ''] = names;
    assert.ok(isDelivered(name), `${name} names no path`);
    const [own, sent] = await Promise.all([
      openDataset(spec, { folder: home }),
      openDataset(name, { folder: away }),
    ]);
    assert.equal(sent.identity, own.identity);
    assert.equal(far.log.filter((line) => line.startsWith('Receiving the data set')).length, 1);
    assert.ok(trialsOf(lab.store, id).every((run) => run.training.data === spec));
    assert.deepEqual(lab.machines.machines()[0]!.data, ['synthetic']);
  });

  await test('that cannot be read pause their study, which says why', async () => {
    await agent('b');
    const lab = await open('b', 1000);
    const study = await end(lab, begin(lab, `images:side=32,path=${root}-gone`));
    assert.equal(study.problem?.code, 'agents.no-pack');
    assert.match(study.problem.message, /photos-gone could not be made ready/);
    assert.notEqual(study.problem.next, '');
  });

  await test('that a machine cannot keep pause their study, which names the machine', async () => {
    const far = await ScriptedAgent.start(
      broker.pairing('c'),
      {},
      {
        fetch: async () => {
          await Promise.resolve();
          throw new LabError('agents.disk-full', { folder: '/full' });
        },
      },
    );
    closing.push(async () => far.vanish());
    const lab = await open('c', 1000);
    const study = await end(lab, begin(lab, spec));
    assert.equal(study.problem?.code, 'agents.no-data');
    assert.match(study.problem.message, /The machine c could not get .*disk .* is full: \/full/);
    assert.match(study.problem.next, /Make room there/);
  });

  await test('go on where the machine that had them is gone', async () => {
    const { far } = await agent('d');
    const lab = await open('d', 10);
    const id = begin(lab, spec);
    await lab.until(() => far.runner.started.length > 0);
    await far.vanish();
    const { far: again } = await agent('d');
    assert.equal((await end(lab, id)).state, 'completed');
    assert.ok(again.runner.started.every((job) => isDelivered(job.training.data)));
  });
});
