import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { agreementOf } from '../../core/analysis/agreement.ts';
import { minimalDifference } from '../../core/analysis/power.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../../core/base/errors.ts';
import type { Graph } from '../../core/graph/graph.ts';
import { template } from '../../core/graph/templates.ts';
import { type LabApi, type LabEvent, TOPICS, type TrialRow } from '../../core/lab/api.ts';
import { type Bundle, parseBundle } from '../../core/study/bundle.ts';
import { BASELINES } from '../../core/study/rerun.ts';
import { comparedWith } from '../../core/study/bundle-compare.ts';
import { encodeCheckpoint } from '../../core/train/checkpoint.ts';
import { referenceRows } from '../../core/search/reference.ts';
import { eventOf, studyIs, temporaryFolder } from '../lab/support.ts';
import { dml, networks, plan, training } from './samples.ts';

/** A lab with scripted workers, as it is seen over some connection. */
export interface Seen {
  api: LabApi;
  close(): Promise<void>;
}

async function bundleIn(api: LabApi, rerun: number): Promise<Bundle> {
  const { download } = await api.request('reruns.bundle', { rerun });
  const { data } = await api.request('files.read', { download, offset: 0 });
  return parseBundle(Buffer.from(data, 'base64').toString(), 'R');
}

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'fulfilled',
    (error: unknown) =>
      error instanceof LabError ? error.code : `not a LabError: ${String(error)}`,
  );

/**
 * What every way to a lab must give: one suite for in process, message ports, sockets and
 * WebSocket.
 *
 * @param caller who comes this way: programs may name paths, pages may not
 */
export function labContract(
  name: string,
  caller: 'program' | 'page',
  open: () => Promise<Seen>,
): void {
  /** What becomes of a request with a path. */
  const withPath = (forPrograms: string): string =>
    caller === 'page' ? 'lab.path-refused' : forPrograms;
  const withLab = async (work: (api: LabApi) => Promise<void>): Promise<void> => {
    const seen = await open();
    try {
      await work(seen.api);
    } finally {
      await seen.close();
    }
  };
  const finished = async (api: LabApi, trials = 12): Promise<number> => {
    const card = await api.request('studies.create', {
      name: 'A',
      plan: plan({ trials }),
      start: true,
    });
    await studyIs(api, card.study.id, 'completed');
    return card.study.id;
  };

  describe(`lab: ${name}`, { concurrency: false }, () => {
    test('status tells the engine, slots and the last event', async () =>
      withLab(async (api) => {
        const status = await api.request('lab.status', {});
        assert.equal(status.slots.length, 2);
        assert.equal(status.file, null);
        assert.ok(status.sequence > 1e12);
      }));

    test('effects of a study: at the highest rung with 30 trials, at any epoch, of no trial at all', async () =>
      withLab(async (api) => {
        const study = await finished(api, 40);
        const found = await api.request('studies.effects', { study });
        assert.equal(found.isRandomSample, true);
        assert.equal(found.rung, found.rungs.findLast(({ trials }) => trials >= 30)?.rung);
        assert.deepEqual(
          found.rungs.map(({ rung }) => rung),
          [1, 2, 4, 8, 16],
        );
        assert.equal(found.importance.length, found.dimensions.length);
        const counted = found.effects.filter(({ dimension }) => dimension === 2);
        assert.equal(
          counted.reduce((sum, { count }) => sum + count, 0),
          found.trials,
        );
        assert.doesNotMatch(JSON.stringify(found), /NaN|Infinity/);
        const last = await api.request('studies.effects', { study, rung: 16 });
        assert.equal(last.trials, last.rungs.at(-1)!.trials);
        const { study: empty } = await api.request('studies.create', {
          name: 'empty',
          plan: plan(),
          start: false,
        });
        const nothing = await api.request('studies.effects', { study: empty.id });
        assert.equal(nothing.trials, 0);
        assert.ok(nothing.effects.every(({ effect, p }) => effect === null && p === null));
        assert.equal(
          await codeOf(api.request('studies.effects', { study: 99 })),
          'store.unknown-study',
        );
      }));

    test('a study runs to its end: views agree with each other and hold no NaN', async () =>
      withLab(async (api) => {
        const study = await finished(api);
        const view = await api.request('studies.open', { study });
        assert.equal(view.done, 12);
        assert.equal(view.trials.length, 12);
        assert.deepEqual(view.rungs, [1, 2, 4, 8]);
        const { rows, total } = await api.request('trials.query', {
          study,
          states: ['completed'],
          sort: { by: 'accuracy', descending: true },
          limit: 1,
        });
        assert.equal(total, view.counts.completed);
        assert.equal(rows[0]!.run, view.best!.run);
        const run = await api.request('runs.open', { run: rows[0]!.run });
        assert.equal(run.epochList.length, 16);
        assert.deepEqual(run.rungs, view.rungs);
        const order = view.trials.map((trial) => trial.run);
        assert.deepEqual(
          (await api.request('compare.runs', { runs: order })).map(({ before, after }) => [
            before,
            after,
          ]),
          order.map((_, i) => [order[i - 1] ?? null, order[i + 1] ?? null]),
        );
        assert.equal(run.epochList.at(-1)!.nodes[0]!.accuracy, run.accuracy);
        assert.deepEqual(
          await api.request('runs.epochs', { run: run.run, after: 14 }),
          run.epochList.slice(14),
        );
        const curve = view.curves.find((each) => each.run === run.run)!;
        assert.deepEqual(
          curve.accuracy[0],
          run.epochList.map(({ nodes }) => nodes[0]!.accuracy),
        );
        assert.deepEqual(
          (await api.request('decisions.list', { run: run.run })).map(({ rung }) => rung),
          [1, 2, 4, 8],
        );
        const stopped = view.trials.find(({ state }) => state === 'stopped')!;
        assert.equal(stopped.stop!.go, false);
        assert.ok(
          (await api.request('studies.timeline', { study })).every(
            ({ endedAt }) => endedAt !== null,
          ),
        );
        const [made, ...others] = await api.request('studies.environments', { study });
        assert.deepEqual([made?.engine, others], [run.attemptList[0]!.made!.engine, []]);
      }));

    test('notes and tags of trials and studies are kept, and told to whoever listens', async () =>
      withLab(async (api) => {
        const study = await finished(api);
        const { best } = await api.request('studies.open', { study });
        const told: TrialRow[] = [];
        const undo = api.subscribe(['runs'], (event) => {
          if (event.type === 'runs') told.push(...event.rows);
        });
        const tags = ['Seed-1', 'good', 'good'];
        const row = await api.request('runs.annotate', {
          run: best!.run,
          notes: 'two\nlines',
          tags,
        });
        assert.deepEqual([row.notes, row.tags], ['two\nlines', ['good', 'seed-1']]);
        while (!told.some(({ notes }) => notes === 'two\nlines')) await sleep(10);
        undo();
        await api.request('runs.annotate', { run: best!.run, notes: '' });
        const view = await api.request('runs.open', { run: best!.run });
        assert.deepEqual([view.notes, view.tags], [undefined, ['good', 'seed-1']]);
        await api.request('studies.change', { study, tags: ['paper'] });
        assert.deepEqual((await api.request('studies.open', { study })).study.tags, ['paper']);
        assert.equal(
          await codeOf(api.request('runs.annotate', { run: best!.run, tags: ['two words'] })),
          'lab.bad-input',
        );
      }));

    test('a study of many trials arrives whole, in every view', async () =>
      withLab(async (api) => {
        const study = await finished(api, 300);
        const view = await api.request('studies.open', { study });
        assert.deepEqual(
          view.trials.map(({ number }) => number),
          Array.from({ length: 300 }, (_, i) => i),
        );
        assert.deepEqual((await api.request('trials.query', { study })).rows, view.trials);
        const trained = view.trials.filter(({ epoch }) => epoch > 0);
        assert.deepEqual(
          view.curves.map(({ run, accuracy }) => [
            run,
            accuracy[0]!.length,
            accuracy.map((node) => node.at(-1)),
          ]),
          trained.map(({ run, epoch, accuracies }) => [run, epoch, accuracies]),
        );
        const page = {
          study,
          sort: { by: 'accuracy', descending: true },
          offset: 3,
          limit: 5,
        } as const;
        const { rows, total } = await api.request('trials.query', {
          ...page,
          edges: [{ source: 2, destination: 1, gate: 'through' }],
        });
        const fitting = view.trials.filter(({ graph }) =>
          graph.edges.some(
            ({ source, destination, gate }) =>
              source === 2 && destination === 1 && gate === 'through',
          ),
        );
        const best = fitting.toSorted(
          (a, b) => (b.accuracy ?? -1) - (a.accuracy ?? -1) || a.number - b.number,
        );
        assert.deepEqual(
          [total, rows.map(({ run }) => run)],
          [fitting.length, best.slice(3, 8).map(({ run }) => run)],
        );
      }));

    test('events come in order, one number after the other, at most ten batches a second', async () =>
      withLab(async (api) => {
        const events: LabEvent[] = [];
        const { sequence } = await api.request('lab.status', {});
        const undo = api.subscribe(TOPICS, (event) => events.push(event), sequence);
        const began = Date.now();
        const study = await finished(api);
        undo();
        assert.deepEqual(
          events.map((event) => event.sequence),
          events.map((_, index) => sequence + 1 + index),
        );
        const batches = events.filter(({ type }) => type === 'epochs').length;
        assert.ok(batches <= (Date.now() - began) / 100 + 2, `${batches} batches`);
        const epochs = events.flatMap((event) => (event.type === 'epochs' ? event.epochs : []));
        const view = await api.request('studies.open', { study });
        assert.equal(
          epochs.filter(({ run }) => view.trials.some((trial) => trial.run === run)).length,
          view.trials.reduce((sum, { epoch }) => sum + epoch, 0),
          'every epoch was told',
        );
      }));

    test('who comes back after a while misses nothing; who was away too long is told so', async () =>
      withLab(async (api) => {
        const { sequence } = await api.request('lab.status', {});
        await finished(api);
        const [late, later]: LabEvent[][] = [[], []];
        const end = (await api.request('lab.status', {})).sequence;
        const caughtUp = Promise.withResolvers<undefined>();
        const undo = api.subscribe(
          TOPICS,
          (event) => {
            late!.push(event);
            if (event.sequence === end) caughtUp.resolve(undefined);
          },
          sequence,
        );
        const undoLater = api.subscribe(['studies'], (event) => later!.push(event), 5);
        await caughtUp.promise;
        await api.request('lab.status', {});
        assert.deepEqual(
          late!.map((event) => event.sequence),
          Array.from({ length: end - sequence }, (_, index) => sequence + 1 + index),
        );
        assert.equal(later![0]!.type, 'missed');
        undo();
        undoLater();
      }));

    test('pause, resume, change and stop', async () =>
      withLab(async (api) => {
        const card = await api.request('studies.create', {
          name: 'B',
          plan: plan({ trials: 20_000, duplicates: 'train' }),
          start: true,
        });
        const { id: study } = card.study;
        assert.equal(
          (await api.request('studies.pause', { study, when: 'now' })).study.state,
          'paused',
        );
        assert.equal(
          (await api.request('studies.change', { study, name: 'C', priority: 3 })).study.name,
          'C',
        );
        assert.equal((await api.request('studies.resume', { study })).study.state, 'running');
        const again = await api.request('studies.resume', { study, failed: true });
        assert.equal(again.study.state, 'running');
        // Only a study with two trials can refuse to have one.
        while ((await api.request('trials.query', { study, limit: 0 })).total < 2) await sleep(10);
        assert.equal(
          await codeOf(api.request('studies.change', { study, trials: 1 })),
          'studies.too-few-trials',
        );
        assert.equal(
          (await api.request('studies.stop', { study, when: 'now' })).study.state,
          'stopped',
        );
        await api.request('studies.remove', { study });
        assert.equal(await codeOf(api.request('studies.open', { study })), 'store.unknown-study');
      }));

    test('a re-run beside its baselines, with its table', async () =>
      withLab(async (api) => {
        const study = await finished(api);
        const { best } = await api.request('studies.open', { study });
        const made = await api.request('reruns.create', {
          name: 'R',
          from: { run: best!.run },
          seeds: 3,
          baselines: ['independent', 'dml'],
          start: true,
        });
        const { id: rerun } = made.rerun;
        while ((await api.request('reruns.open', { rerun })).rerun.state === 'running')
          await new Promise((resolve) => setTimeout(resolve, 20));
        const view = await api.request('reruns.open', { rerun });
        assert.equal(view.rerun.training.purpose, 'final');
        const places = await api.request('reruns.environments', { rerun });
        assert.deepEqual(
          places.map(({ engine }) => engine),
          ['scripted'],
        );
        const own = view.variants[1]!.runs.map((run) => run.run);
        const middle = await api.request('runs.open', { run: own[1]! });
        assert.deepEqual([middle.rungs, middle.before, middle.after], [[], own[0], own[2]]);
        assert.deepEqual(
          view.variants.map(({ name: variant, values }) => [variant, values.length]),
          [
            ['graph', 3],
            ['independent', 3],
            ['dml', 3],
          ],
        );
        assert.ok(view.variants[1]!.difference!.low < view.variants[1]!.difference!.high);
        assert.equal(view.variants[0]!.comparison, null);
        assert.equal(view.variants[1]!.comparison!.paired!.df, 2);
        assert.ok(view.variants[1]!.comparison!.adjusted! <= 1);
        const { winnersCurse } = await api.request('studies.open', { study });
        assert.equal(winnersCurse!.mean, view.variants[0]!.mean);
        assert.equal(winnersCurse!.difference, null, 'the re-run judges by other images');
        assert.ok(
          referenceRows.length > 0 && view.reference.length === 0,
          'the paper is about CIFAR-100',
        );
        const download = await api.request('reruns.export', { rerun, format: 'csv' });
        const { data, last } = await api.request('files.read', {
          download: download.download,
          offset: 0,
        });
        const text = Buffer.from(data, 'base64').toString();
        assert.ok(last && text.startsWith('variant,graph,seed') && text.split('\r\n').length > 12);
        assert.match(text, /significant at 5 % after correction/);
        assert.doesNotMatch(text, /NaN|undefined/);
      }));

    test('before a re-run: runs and the difference it can show, from this lab’s spread if known', async () =>
      withLab(async (api) => {
        const study = await finished(api);
        const { best } = await api.request('studies.open', { study });
        const wish = { from: { run: best!.run }, seeds: 5, baselines: ['dml' as const] };
        const first = await api.request('reruns.preview', wish);
        assert.deepEqual([first.runs, first.spread, first.spreadRuns], [10, 0.004, 0]);
        // Five pairs of unrelated runs: 1.682 standard deviations of their differences.
        assert.equal((100 * first.detectable!).toFixed(2), '0.95');
        assert.equal(first.comparisons, 1);
        const all = await api.request('reruns.preview', { ...wish, baselines: [...BASELINES] });
        assert.equal(all.comparisons, all.runs / 5 - 1);
        const corrected = minimalDifference(5, 'paired', all.comparisons)!;
        assert.ok(all.comparisons >= 2 && corrected > 1.2 * minimalDifference(5, 'paired')!);
        assert.ok(Math.abs(all.detectable! - corrected * Math.SQRT2 * all.spread) < 1e-12);
        const { rerun } = await api.request('reruns.create', { ...wish, name: 'R', start: true });
        while ((await api.request('reruns.open', { rerun: rerun.id })).done < 10)
          await new Promise((resolve) => setTimeout(resolve, 20));
        const then = await api.request('reruns.preview', wish);
        assert.equal(then.spreadRuns, 10);
        const one = await api.request('reruns.preview', { ...wish, seeds: 1 });
        assert.deepEqual([one.runs, one.detectable], [2, null]);
        const { variants } = await api.request('reruns.open', { rerun: rerun.id });
        const squares = variants.map(({ standardDeviation }) => standardDeviation! ** 2);
        assert.ok(Math.abs(then.spread ** 2 - (squares[0]! + squares[1]!) / 2) < 1e-12);
        const { standardError } = variants[1]!.comparison!.paired!;
        const times = minimalDifference(5, 'paired')!;
        assert.ok(Math.abs(then.detectable! - times * standardError * Math.sqrt(5)) < 1e-12);
      }));

    test('a bundle of a re-run is trained again from the same seeds to the same numbers', async () =>
      withLab(async (api) => {
        const study = await finished(api);
        const { best } = await api.request('studies.open', { study });
        const wish = { name: 'R', from: { run: best!.run }, seeds: 3, baselines: ['dml' as const] };
        const { rerun } = await api.request('reruns.create', { ...wish, start: false });
        assert.equal(
          await codeOf(api.request('reruns.bundle', { rerun: rerun.id })),
          'bundle.no-result',
        );
        await api.request('reruns.resume', { rerun: rerun.id });
        while ((await api.request('reruns.open', { rerun: rerun.id })).done < 6)
          await new Promise((resolve) => setTimeout(resolve, 20));
        const bundle = await bundleIn(api, rerun.id);
        assert.deepEqual([bundle.results.length, bundle.environments.length], [6, 1]);
        const again = await api.request('reruns.verify', { bundle, start: true });
        assert.deepEqual(again.rerun.seeds, rerun.seeds);
        while ((await api.request('reruns.open', { rerun: again.rerun.id })).done < 6)
          await new Promise((resolve) => setTimeout(resolve, 20));
        const pairs = comparedWith(bundle, await bundleIn(api, again.rerun.id));
        assert.ok(pairs.length === 6 && pairs.every(({ mustEqual }) => mustEqual));
        assert.equal(agreementOf(pairs, 0.01).kind, 'identical');
      }));

    test('an export comes in again as it was; files cross in portions', async (context) =>
      withLab(async (api) => {
        const study = await finished(api);
        const waiting = await api.request('studies.export', { study, weights: true });
        const parts: Buffer[] = [];
        for (let offset = 0; offset < waiting.bytes;) {
          const { data } = await api.request('files.read', { download: waiting.download, offset });
          parts.push(Buffer.from(data, 'base64'));
          offset += parts.at(-1)!.length;
        }
        const bytes = Buffer.concat(parts);
        assert.equal(bytes.length, waiting.bytes);
        await api.request('files.forget', { file: waiting.download });
        assert.equal(
          await codeOf(api.request('files.read', { download: waiting.download, offset: 0 })),
          'files.unknown',
        );

        const { upload } = await api.request('files.begin', {
          name: '../../x/study.ktg',
          bytes: bytes.length,
        });
        assert.equal(
          await codeOf(api.request('studies.import', { file: { upload } })),
          'files.incomplete',
        );
        const portion = 100_000;
        for (let offset = 0; offset < bytes.length; offset += portion)
          await api.request('files.append', {
            upload,
            offset,
            data: bytes.subarray(offset, offset + portion).toString('base64'),
          });
        assert.equal(
          await codeOf(api.request('files.append', { upload, offset: 0, data: 'AAAA' })),
          'files.out-of-order',
        );
        const card = await api.request('studies.import', { file: { upload }, name: 'Again' });
        const [before, after] = [
          await api.request('studies.open', { study }),
          await api.request('studies.open', { study: card.study.id }),
        ];
        assert.deepEqual(
          after.trials.map(({ accuracy }) => accuracy),
          before.trials.map(({ accuracy }) => accuracy),
        );
        assert.deepEqual([before.imported, after.imported?.from], [null, 'study.ktg']);
        await api.request('studies.remove', { study: card.study.id });
        assert.deepEqual(
          (await api.request('studies.list', {})).map(({ imported }) => imported),
          [null],
        );

        const file = join(await temporaryFolder(context), 'not-a-study');
        await writeFile(file, 'hello\n');
        assert.equal(
          await codeOf(api.request('studies.import', { file: { path: file } })),
          withPath('import.not-a-study'),
        );
        for (const path of [`${file}s`, dirname(file)]) {
          const code = await codeOf(api.request('studies.import', { file: { path } }));
          assert.equal(code, withPath('files.unreadable'));
        }
        assert.equal(
          await codeOf(api.request('studies.import', { file: { path: 'x' } })),
          withPath('files.relative-path'),
        );
      }));

    test('pretrained networks are trained, imported and removed with their weights', async (context) =>
      withLab(async (api) => {
        const trained = await api.request('pretrained.train', {
          model: 'resnet8',
          training: training({ epochs: 2 }),
          seed: 3,
        });
        for (
          let state = '';
          state !== 'completed';
          await new Promise((resolve) => setTimeout(resolve, 20))
        )
          state = (await api.request('pretrained.list', {}))[0]!.state;
        const weights = encodeCheckpoint(networks({ 1: 'resnet8' }));
        const path = join(await temporaryFolder(context), 'teacher.safetensors');
        await writeFile(path, weights);
        const file =
          caller === 'program' ? { path } : await sent(api, 'teacher.safetensors', weights);
        const imported = await api.request('pretrained.import', {
          model: 'resnet8',
          training: training(),
          file,
        });
        assert.deepEqual([imported.state, imported.source], ['imported', 'teacher.safetensors']);
        const { sizes } = await api.request('lab.status', {});
        assert.ok(sizes.checkpoints > imported.bytes);
        for (const { id } of [trained, imported])
          await api.request('pretrained.remove', { pretrained: id });
        assert.deepEqual(await api.request('pretrained.list', {}), []);
        assert.equal((await api.request('lab.status', {})).sizes.checkpoints, 0);
      }));

    test('graphs are checked, kept and removed; strange ones are told apart', async () =>
      withLab(async (api) => {
        const strange = { nodes: '<script>' } as unknown as Graph;
        assert.match(
          await codeOf(api.request('graphs.save', { name: 'x', graph: strange })),
          /^graph\./,
        );
        const saved = await api.request('graphs.save', {
          name: '<img src=x onerror=alert(1)>',
          graph: dml,
        });
        assert.deepEqual(
          (await api.request('graphs.list', {})).map(({ id }) => id),
          [saved.id],
        );
        await api.request('graphs.remove', { graph: saved.id });
        assert.deepEqual(await api.request('graphs.list', {}), []);
      }));

    test('a plan is previewed: what is missing and what is impossible', async () =>
      withLab(async (api) => {
        const preview = await api.request('studies.preview', {
          plan: plan({ training: training({ data: 'cifar10' }) }),
        });
        assert.equal(preview.spaceSize, '512');
        assert.deepEqual(preview.missingPretrained.toSorted(), ['resnet8', 'wrn-10-1']);
        const cut = {
          ...plan().space,
          edges: plan().space.edges.map((edge) =>
            edge.destination === 1 ? { ...edge, gates: ['cutoff' as const] } : edge,
          ),
        };
        const impossible = await api.request('studies.preview', { plan: plan({ space: cut }) });
        assert.equal(impossible.problems[0]!.code, 'space.impossible');
        assert.equal(
          await codeOf(
            api.request('studies.create', { name: 'X', plan: plan({ space: cut }), start: false }),
          ),
          'space.impossible',
        );
      }));

    test('the time of a plan is measured once, and the preview tells it', async () =>
      withLab(async (api) => {
        const asked = plan();
        const before = await api.request('studies.preview', { plan: asked });
        assert.deepEqual([before.expectedTime, before.measured], [null, false]);
        const found = await api.request('studies.probe', { plan: asked });
        assert.ok(found.secondsPerEpoch > 0 && found.expectedTime! > 0);
        assert.deepEqual(await api.request('studies.probe', { plan: asked }), found);
        const { expectedTime, measured } = await api.request('studies.preview', { plan: asked });
        assert.deepEqual([expectedTime, measured], [found.expectedTime, true]);
        assert.equal(
          await codeOf(api.request('studies.probe', { plan: asked, slot: 'nowhere:7' })),
          'search.no-slot',
        );
        const missing = plan({ training: training({ data: 'cifar10' }) });
        assert.equal(
          await codeOf(api.request('studies.probe', { plan: missing })),
          'data.not-downloaded',
        );
        assert.deepEqual(await api.request('studies.list', {}), [], 'it leaves no trace');
      }));

    test('an opened study has the rows that its trials have one by one', async () =>
      withLab(async (api) => {
        const study = await finished(api, 20);
        const { trials } = await api.request('studies.open', { study });
        const { rows } = await api.request('trials.query', { study });
        assert.ok(trials.some(({ stop }) => stop) && trials.some(({ accuracy }) => accuracy));
        assert.deepEqual(trials, rows);
      }));

    test('other machines are listed, and a lab in memory refuses them in words', async () =>
      withLab(async (api) => {
        assert.deepEqual(await api.request('machines.list', {}), []);
        const launcher = { kind: 'command' } as const;
        assert.equal(
          await codeOf(api.request('machines.add', { name: 'Lena', launcher })),
          'machines.in-memory',
        );
        const machine = 'lena';
        for (const request of [
          'machines.pause',
          'machines.start',
          'machines.remove',
          'machines.log',
        ] as const)
          assert.equal(await codeOf(api.request(request, { machine })), 'agents.not-there');
        assert.equal(
          await codeOf(api.request('machines.drain', { machine, on: true })),
          'agents.not-there',
        );
        for (const host of ['-oProxyCommand=touch x', 'a b', 'a;b', ''])
          assert.equal(
            await codeOf(
              api.request('machines.add', { name: 'x', launcher: { kind: 'ssh', host } }),
            ),
            'lab.bad-input',
          );
      }));

    test('settings are kept and merged by name; slots change while it runs', async () =>
      withLab(async (api) => {
        await api.request('settings.set', { view: { a: 1, b: { c: 2 } } });
        const settings = await api.request('settings.set', { theme: 'dark', view: { a: null } });
        assert.deepEqual([settings.theme, settings.view], ['dark', { b: { c: 2 } }]);
        const told = eventOf(api, 'slots', 'slots', ({ slots }) => slots.length === 3);
        assert.equal((await api.request('slots.set', { device: 'scripted', slots: 3 })).length, 3);
        await told;
      }));

    test('room of decoded images is told; to remove a set that is not listed removes no file', async (context) =>
      withLab(async (api) => {
        const { bytes, unneededBytes } = await api.request('data.decoded', {});
        assert.ok(unneededBytes >= 0 && unneededBytes <= bytes);
        const path = join(await temporaryFolder(context), 'a-file');
        await writeFile(path, 'x');
        const removed = api.request('data.remove', { data: path, copy: true });
        assert.equal(await codeOf(removed), withPath('fulfilled'));
        assert.equal(await readFile(path, 'utf8'), 'x');
      }));

    test('paths are named by programs only; a page sends files, and names data sets of the lab', async (context) =>
      withLab(async (api) => {
        const folder = await temporaryFolder(context);
        const path = join(folder, 'a-file');
        await writeFile(path, '');
        const file = { path };
        const odd = training({ data: path });
        const model = 'resnet8';
        const create = { name: 'P', plan: plan({ training: odd }), start: false };
        for (const [work, code] of [
          [() => api.request('lab.backup', { path: join(folder, 'copy.sqlite') }), 'store.no-file'],
          [() => api.request('data.add', { file }), 'files.empty'],
          [() => api.request('studies.import', { file }), 'files.empty'],
          [() => api.request('pretrained.import', { model, training: odd, file }), 'files.empty'],
          [() => api.request('settings.set', { dataFolder: path }), 'settings.data-folder'],
          [() => api.request('data.samples', { data: path, count: 1 }), 'data.not-an-archive'],
          [() => api.request('studies.preview', { plan: create.plan }), 'fulfilled'],
          [() => api.request('studies.create', create), 'fulfilled'],
          [() => api.request('pretrained.train', { model, training: odd, seed: 1 }), 'fulfilled'],
        ] as const)
          assert.equal(await codeOf(work()), withPath(code), String(work));
        const studies = await api.request('studies.list', {});
        assert.equal(studies.length, caller === 'page' ? 0 : 1);
        const known = plan({ training: training({ data: 'cifar100' }) });
        assert.equal(await codeOf(api.request('studies.preview', { plan: known })), 'fulfilled');
      }));

    test('what screens remember has a limit in all, not only at once', async () =>
      withLab(async (api) => {
        const text = 'x'.repeat(300_000);
        for (const key of ['a', 'b', 'c'])
          await api.request('settings.set', { view: { [key]: text } });
        const more = { theme: 'dark' as const, view: { d: text } };
        assert.equal(await codeOf(api.request('settings.set', more)), 'settings.view-too-large');
        const settings = await api.request('settings.get', {});
        assert.deepEqual([Object.keys(settings.view), settings.theme], [['a', 'b', 'c'], 'system']);
        await api.request('settings.set', { view: { a: null, d: text } });
        await api.request('settings.set', { theme: 'dark' });
      }));

    test('input that is nested too deeply is refused', async () =>
      withLab(async (api) => {
        let deep: unknown = 1;
        for (let level = 0; level < 100; level++) deep = { deep };
        for (const work of [
          () => api.request('settings.set', { view: { deep } }),
          () => api.request('graphs.save', { name: 'deep', graph: deep as Graph }),
        ])
          assert.equal(await codeOf(work()), 'lab.bad-input');
        assert.deepEqual((await api.request('settings.get', {})).view, {});
      }));

    test('more requests at once than a connection takes are refused, and the others answered', async () =>
      withLab(async (api) => {
        const asked = Array.from({ length: 300 }, async () =>
          codeOf(api.request('slots.list', {})),
        );
        const codes = await Promise.all(asked);
        const refused = codes.filter((code) => code === 'lab.too-many-requests').length;
        assert.equal(codes.filter((code) => code === 'fulfilled').length, 300 - refused);
        assert.equal(
          await codeOf(api.request('lab.status', {})),
          'fulfilled',
          'the connection goes on',
        );
      }));

    test('input that is wrong is refused with its place, and nothing happens', async () =>
      withLab(async (api) => {
        const refuse = async (request: string, input: unknown): Promise<string> =>
          codeOf(api.request(request as 'lab.status', input as Record<string, never>));
        assert.equal(await refuse('studies.open', { study: 'x' }), 'lab.bad-input');
        assert.equal(await refuse('studies.open', { study: 1, more: 2 }), 'lab.bad-input');
        assert.equal(await refuse('studies.open', { study: 99 }), 'store.unknown-study');
        assert.equal(await refuse('runs.open', { run: 99 }), 'store.unknown-run');
        assert.equal(await refuse('toString', {}), 'lab.unknown-request');
        // who asks does not know where the lab was started
        assert.equal(
          await refuse('lab.backup', { path: 'copy.sqlite' }),
          withPath('lab.bad-input'),
        );
        assert.equal(
          await refuse('settings.set', { dataFolder: 'data' }),
          withPath('lab.bad-input'),
        );
        const { dataFolder } = await api.request('settings.get', {});
        assert.equal(
          await refuse('settings.set', { dataFolder: join(process.execPath, 'data') }),
          withPath('settings.data-folder'),
        );
        assert.equal((await api.request('settings.get', {})).dataFolder, dataFolder);
        assert.equal(
          await refuse('studies.create', { name: 'X', plan: plan({ trials: 0 }), start: true }),
          'lab.bad-input',
        );
        assert.equal(
          await refuse('studies.create', { name: 'a\nb', plan: plan(), start: true }),
          'lab.bad-input',
        );
        assert.match(
          await refuse('studies.create', {
            name: 'X',
            plan: { ...plan(), space: { format: 'x' } },
            start: true,
          }),
          /^space\./,
        );
        assert.equal(
          await refuse('graphs.save', {
            name: 'X',
            graph: { ...template('kd', ['resnet8', 'resnet8']), version: 3 },
          }),
          'graph.wrong-version',
        );
        await assert.rejects(refuseMessage(api), /studies\.create, plan\.trials: .*>=1/);
        await assert.rejects(refuseMessage(api), { steps: ['Correct it and try again.'] });
        assert.deepEqual(await api.request('studies.list', {}), []);
      }));

    test('an aborted request rejects with the reason of its signal', async () =>
      withLab(async (api) => {
        const abort = new AbortController();
        const listing = api.request('studies.list', {}, { signal: abort.signal });
        const reason = new Error('changed my mind');
        abort.abort(reason);
        await assert.rejects(listing, reason);
        assert.deepEqual(await api.request('studies.list', {}), [], 'the connection goes on');
      }));
  });
}

/** A file that was sent in one portion. */
async function sent(api: LabApi, name: string, bytes: Uint8Array): Promise<{ upload: string }> {
  const { upload } = await api.request('files.begin', { name, bytes: bytes.length });
  const data = Buffer.from(bytes).toString('base64');
  await api.request('files.append', { upload, offset: 0, data });
  return { upload };
}

const refuseMessage = async (api: LabApi): Promise<unknown> =>
  api.request('studies.create', { name: 'X', plan: plan({ trials: 0 }), start: true });
