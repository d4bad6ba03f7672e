import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import type { Device, LabStatus, Redraw, RerunView, StudyCard } from '../../core/lab/api.ts';
import type { Command } from '../../core/commands/command.ts';
import { usageOf } from '../../core/commands/usage.ts';
import { openDataset } from '../../core/data/resolve.ts';
import { runsKernels } from '../../core/devices/processor.ts';
import { addonVersion } from '../../core/install/addon.ts';
import { libraryFolder } from '../../core/install/engine-home.ts';
import { releaseFor, tensorflowVersion } from '../../core/install/release.ts';
import { listenOnLocalSocket } from '../../core/connection/local-socket.ts';
import type { Lab } from '../../core/lab/lab.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { openSqlite } from '../../core/store/sqlite.ts';
import { hasEnded } from '../../core/study/moves.ts';
import { plan } from '../contract/samples.ts';
import { cli, ktg, startKtg } from '../e2e/ktg.ts';
import { eventOf, scriptedLab, studyIs } from '../lab/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-test-'));
const file = join(folder, 'lab.sqlite');
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

before(async () => {
  const lab = scriptedLab({}, openLabFile(file));
  const { study } = await lab.request('studies.create', {
    name: 'First',
    plan: plan({ trials: 12 }),
    start: true,
  });
  await studyIs(lab, study.id, 'completed');
  await lab.close();
});

describe('a lab without a holder', () => {
  test('shows and changes its data folder', async () => {
    const own = join(folder, 'data-folder.sqlite');
    copyFileSync(file, own);
    const chosen = join(folder, 'chosen');
    assert.equal((await ktg(own, 'data', chosen)).out.trim(), chosen);
    assert.equal((await ktg(own, 'data', '--json')).json[0]!.dataFolder, chosen);
    const { code, err } = await ktg(own, 'data', join(own, 'inside'));
    assert.deepEqual([code, /cannot be the data folder/.test(err)], [1, true], err);
  });

  test('a data set is not taken for the folder of data sets', async () => {
    const own = join(folder, 'data-set.sqlite');
    copyFileSync(file, own);
    const before = (await ktg(own, 'data', '--json')).json[0]!.dataFolder;
    for (const set of [`images:side=32,path=${folder}`, 'synthetic:seed=3', 'cifar100']) {
      const { code, err } = await ktg(own, 'data', set);
      assert.equal(code, 2, err);
      assert.match(err, /is one data set, not the folder in which data sets are/);
      assert.ok(!existsSync(resolve(set)), set);
    }
    assert.equal((await ktg(own, 'data', '--json')).json[0]!.dataFolder, before);
  });

  test('list, show and status print it as text and JSON', async () => {
    const [list, listed] = [await ktg(file, 'list'), await ktg(file, 'list', '--json')];
    assert.match(list.out, /First\s+completed\s+12\/12/);
    const { studies } = listed.json[0] as { studies: StudyCard[] };
    assert.equal(studies[0]!.done, 12);
    assert.match((await ktg(file, 'status')).out, /nothing trains now/);
    const shown = await ktg(file, 'show', 'First', '--trial', 'best', '--json');
    assert.equal(shown.json[0]!.accuracy, studies[0]!.best!.accuracy);
    const words = await ktg(file, 'show', 'First', '--trial', 'best');
    assert.match(words.out, /^Trial \d+ of study "First": completed/);
    const graph = await ktg(file, 'show', '--graph');
    assert.equal((JSON.parse(graph.out) as { format: string }).format, 'ktg-graph');
    assert.match((await ktg(file, 'show', '1', '--top', '3')).out, /78\.6 % +16\/16 .* completed/);
  });

  test('tags and notes of a study and a trial are written, shown and removed', async () => {
    const own = join(folder, 'annotated.sqlite');
    copyFileSync(file, own);
    const tagged = await ktg(own, 'tag', '1#3', 'Good', 'baseline,good', '--json');
    assert.deepEqual(tagged.json[0], { notes: '', tags: ['baseline', 'good'] });
    await ktg(own, 'note', '1#3', 'first line');
    assert.equal(
      (await ktg(own, 'note', 'First#3', 'second line')).out,
      'Trial 3 of study "First"\nTags: baseline, good\nNotes: first line\nsecond line\n',
    );
    assert.match((await ktg(own, 'show', '1', '--trial', '3')).out, /Tags: baseline, good/);
    const removed = await ktg(own, 'tag', '1#3', '--remove', 'baseline', '--json');
    assert.deepEqual(removed.json[0]!.tags, ['good']);
    await ktg(own, 'tag', '1', 'paper');
    assert.match((await ktg(own, 'show', '1')).out, /^Tags: paper/);
    assert.match((await ktg(own, 'tag', '1#4')).out, /It has no notes and no tags\./);
    const wrong = await ktg(own, 'tag', '1', '***');
    assert.deepEqual([wrong.code, /letters, digits/.test(wrong.err)], [2, true], wrong.err);
    assert.match((await ktg(own, 'tag')).err, /Which study or trial\?/);
  });

  test('a tag in quotes with a space is refused, in words for one tag and for several', async () => {
    const own = join(folder, 'spaced.sqlite');
    copyFileSync(file, own);
    for (const change of [[], ['--remove']]) {
      const refused = await ktg(own, 'tag', '1', 'paper, Seed one', ...change);
      assert.equal(refused.code, 2);
      assert.match(refused.err, /"Seed one" has a space, but a tag is one word\./);
      assert.match(
        refused.err,
        /Write Seed-one for one tag, or leave out the quotes for several\./,
      );
    }
    assert.match((await ktg(own, 'tag', '1')).out, /It has no notes and no tags\./);
    const several = await ktg(own, 'tag', '1', 'paper, seed-one', '#Good', '--json');
    assert.deepEqual(several.json[0]!.tags, ['good', 'paper', 'seed-one']);
  });

  test('effects prints the choices that matter as text and JSON', async () => {
    const shown = await ktg(file, 'effects', 'First', '--rung', '1');
    assert.match(shown.out, /Study "First": 1\d trials at epoch 1/);
    assert.match(shown.out, /edge 0-1 +through +\d+ +\d+\.\d+ +-/);
    assert.match(shown.out, /too few trials to separate the effects/);
    assert.doesNotMatch(shown.out, /NaN|undefined/);
    const [found] = (await ktg(file, 'effects', '--rung', '1', '--json')).json;
    assert.equal((found as { rung: number }).rung, 1);
    assert.equal((await ktg(file, 'effects', '--rung', '17')).code, 2);
  });

  test('verify draws a study again: all the same, one that differs, or records that do not say', async () => {
    const own = join(folder, 'draws.sqlite');
    copyFileSync(file, own);
    const change = (sql: string): void => {
      const database = openSqlite(own);
      database.execute(sql);
      database.close();
    };
    const same = await ktg(own, 'verify', '1');
    const all = '12 trials of 12 of study "First" came out as recorded when drawn again.\n';
    assert.deepEqual([same.code, same.out], [0, all], same.err);
    change('UPDATE run SET draw_version = NULL, seed = seed + 1 WHERE number IN (3, 4, 5, 11)');
    const silent = await ktg(own, 'verify', '1');
    assert.equal(silent.code, 3, silent.err);
    assert.match(
      silent.out,
      /^8 trials of 12 .*\nTrials 3 to 5, 11 \(4\) cannot be checked: their/,
    );
    change('UPDATE run SET seed = seed + 1 WHERE number = 7');
    const other = await ktg(own, 'verify', '1');
    assert.deepEqual([other.code, /\nTrial 7 differs \(seed\)\.\n/.test(other.out)], [1, true]);
    const { code, json } = await ktg(own, 'verify', '1', '--json');
    const { event, study, verdict, trials } = json[0] as Record<string, unknown> & {
      trials: Redraw[];
    };
    assert.deepEqual([code, event, study, verdict], [1, 'redrawn', 1, 'different']);
    assert.deepEqual(trials[7]!.differs, ['seed']);
    assert.equal((await ktg(own, 'verify', '2')).code, 2);
  });

  test('export, import and backup make complete files or none, and overwrite nothing', async () => {
    const out = join(folder, 'first.ktg-study');
    assert.equal((await ktg(file, 'export', 'First', '--out', out)).code, 0);
    const again = await ktg(file, 'export', 'First', '--out', out);
    assert.equal(again.code, 1);
    assert.match(again.err, /exists; nothing was overwritten/);
    const other = join(folder, 'other.sqlite');
    const imported = await ktg(other, 'import', out, '--name', 'Second', '--json');
    assert.equal((imported.json[0] as unknown as StudyCard).done, 12);
    writeFileSync(out, 'broken\n');
    assert.match((await ktg(other, 'import', out)).err, /not a study file: its header is wrong/);
    assert.equal((await ktg(file, 'db', 'backup', join(folder, 'copy.sqlite'))).code, 0);
    assert.deepEqual((await ktg(join(folder, 'copy.sqlite'), 'db', 'check', '--json')).json, [
      { problems: [] },
    ]);
    const vacuumed = await ktg(file, 'db', 'vacuum', '--json');
    assert.equal(vacuumed.code, 0, JSON.stringify(vacuumed));
  });

  test('usage errors end with 2 and failures with 1, each with a next step', async () => {
    const cases: [string[], number, RegExp][] = [
      [['show', 'Nothing'], 2, /no study "Nothing"[\s\S]*1 "First"/],
      [['show', '1', '--trial', '99'], 2, /no trial "99"; it has 12/],
      [['show', '--rerun', '5'], 1, /no re-run 5/],
      [['search', '--trials', '0'], 2, /between 1 and/],
      [['search', '--nodes', '9'], 2, /between 1 and 7/],
      [['search', '--lock', '0-1=cutoff', '--nodes', '1'], 2, /No graph is possible/],
      [['search', '--lock', 'nonsense'], 2, /Lock "nonsense"/],
      [['search', '--target', 'foo'], 2, /Unknown model "foo"/],
      [['search', '--rungs', '1,2,300', '--epochs', '8'], 2, /rung at epoch 300/],
      [['search', '--name', ''], 2, /--name is ""; one line of 1 to 200/],
      [['rerun', '--name', 'two\nlines'], 2, /--name is "two\nlines"/],
      [['search', '--slots', '99'], 2, /can have 0 to \d+ slots/],
      [['search', '--slots', 'x'], 2, /"x" is not a number of slots/],
      [['search', '--slots', '0'], 2, /"0" is not a number of slots/],
      [['search', '--slots', 'tpu=1'], 2, /no device "tpu"/],
      [['slots', '2'], 1, /nothing trains now/],
      [['rerun', '--baseline', 'magic'], 2, /independent, kd, dml, kd\+dml, all-through/],
      [['rerun', '--graph', 'nonsense'], 2, /neither a file/],
      [['rerun', '--graph', 'dml', '--trial', '1'], 2, /Both --trial and --graph/],
      [['list', 'First'], 2, /Unexpected argument "First"/],
      [['pause', '1', '2'], 2, /Unexpected argument "2"/],
      [['pause'], 1, /completed and cannot become paused/],
      [
        ['db', 'backup', '/nowhere/copy.sqlite'],
        1,
        /\/nowhere\/copy\.sqlite: its folder does not exist/,
      ],
      [['search', '--data', '/nowhere'], 1, /no file or folder \/nowhere/],
      [['search', '--rungs', '4,2'], 2, /ascending/],
      [['db', 'burn'], 2, /check, backup, vacuum/],
      [['import'], 2, /No file was named/],
      [['pause', '--what'], 2, /what/],
    ];
    for (const [args, code, words] of cases) {
      const ended = await ktg(file, ...args);
      assert.equal(ended.code, code, `${args.join(' ')}: ${ended.err}${ended.out}`);
      assert.match(ended.err, words);
      assert.doesNotMatch(ended.err, /\n\s+at /, 'no trace');
    }
    const { studies } = (await ktg(file, 'list', '--json')).json[0] as { studies: StudyCard[] };
    assert.equal(studies.length, 1, 'nothing was created');
  });

  test('with --json a failure is also an object on stdout', async () => {
    const { json, err, code } = await ktg(file, 'show', 'Nothing', '--json');
    assert.equal(code, 2);
    const { error } = json[0] as { error: { code: string; message: string; next: string } };
    assert.equal(error.code, 'arguments.unknown-study');
    assert.ok(err.includes(error.message) && err.includes(error.next));
  });

  test('every command prints its usage and exit statuses', async () => {
    const verbs = [...(await ktg(file, 'help')).out.matchAll(/^ {2}ktg (\w+)/gm)].map(
      ([, verb]) => verb!,
    );
    assert.ok(verbs.length >= 20);
    for (const verb of verbs) {
      const { command } = (await import(`../../core/commands/${verb}.ts`)) as { command: Command };
      assert.ok(usageOf(command).startsWith(`ktg ${verb}`));
    }
    const { out, code } = await ktg(file, 'pause', '--help');
    assert.equal(code, 0);
    assert.match(
      out,
      /^ktg pause[^]*\nExit status: 0 done, 1 failed, 2 wrong arguments, 3 it cannot be told/,
    );
  });

  test('resuming a study without open trials prints how to add more', async () => {
    const { out, code } = await ktg(file, 'resume', 'First');
    assert.equal(code, 0);
    assert.match(out, /All 12 trials have ended\. More of them: ktg resume 1 --trials 24/);
  });

  test('read-only commands create no lab and never change another kind of file', async () => {
    const missing = join(folder, 'missing.sqlite');
    const ended = await ktg(missing, 'list');
    assert.equal(ended.code, 1);
    assert.match(ended.err, /no lab file .*missing\.sqlite/);
    assert.equal(existsSync(missing), false);
    const empty = join(folder, 'empty.sqlite');
    writeFileSync(empty, '');
    const looked = await ktg(empty, 'list');
    assert.equal(looked.code, 1);
    assert.match(
      looked.err,
      /the file is empty and not a lab yet\.\n +Open another file, or start a search in this one/,
    );
    assert.equal(readFileSync(empty).length, 0);
    const foreign = join(folder, 'foreign.sqlite');
    writeFileSync(foreign, 'this is no database, whatever its name says '.repeat(50));
    assert.match((await ktg(foreign, 'list')).err, /not a lab file/);
  });

  test('doctor checks the lab file of --lab', async () => {
    const lookedAt = async (
      lab: string,
    ): Promise<{ what: string; found: string; next?: string }> => {
      const { findings } = (await ktg('/nowhere/lab.sqlite', 'doctor', '--lab', lab, '--json'))
        .json[0] as { findings: { what: string; found: string; next?: string }[] };
      return findings.find(({ what }) => what === 'lab')!;
    };
    assert.deepEqual(await lookedAt(file), { what: 'lab', found: `${file}: sound` });
    const damaged = join(folder, 'damaged.sqlite');
    copyFileSync(file, damaged);
    const bytes = readFileSync(damaged);
    writeFileSync(
      damaged,
      bytes.fill(0xff, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 20_000),
    );
    const { found, next } = await lookedAt(damaged);
    assert.doesNotMatch(found, /sound/);
    assert.match(next!, /backup/);
    const checked = await ktg(damaged, 'db', 'check');
    assert.equal(checked.code, 1);
    assert.match(checked.out, /ktg export/);
    // Not even its schema can be read: the check says so itself and sends nobody back to it.
    writeFileSync(damaged, bytes.fill(7, 4096));
    assert.match((await ktg(damaged, 'list')).err, /damaged[^]*ktg db check/);
    const hopeless = await ktg(damaged, 'db', 'check', '--json');
    assert.deepEqual([hopeless.code, hopeless.err], [1, '']);
    assert.match(
      (hopeless.json[0] as { problems: string[] }).problems.join(),
      /the file is damaged/,
    );
  });

  test('engine measure ends with status 1 where there is no card, and says so', async () => {
    const before = { ...process.env };
    process.env.CUDA_VISIBLE_DEVICES = '';
    try {
      const { code, err, json } = await ktg(file, 'engine', 'measure', '--json');
      assert.equal(code, 1);
      assert.match(err, /There is no card to measure/);
      assert.equal((json[0]!.error as { code: string }).code, 'devices.no-card');
      assert.equal((await ktg(file, 'engine', 'measure', 'cpu')).code, 2);
      assert.equal((await ktg(file, 'engine', 'measure', '--arch', 'resnet7')).code, 2);
      assert.equal((await ktg(file, 'engine', 'measure', '--steps', '0')).code, 2);
    } finally {
      process.env = before;
    }
  });

  test('doctor and engine status report the library for cards and a missing driver', async () => {
    const home = join(folder, 'home');
    const library = libraryFolder(home, releaseFor('gpu'));
    mkdirSync(library, { recursive: true });
    writeFileSync(
      join(library, 'manifest.json'),
      JSON.stringify({
        format: 'ktg-engine',
        version: 1,
        variant: 'gpu',
        platform: 'linux-x64',
        tensorflow: tensorflowVersion,
        addon: addonVersion(),
        files: [],
      }),
    );
    const before = { ...process.env };
    Object.assign(process.env, { KTG_HOME: home, PATH: '/nowhere' });
    try {
      const { json } = await ktg(file, 'doctor', '--json');
      const { findings } = json[0] as {
        findings: { what: string; found: string; next?: string }[];
      };
      const [engine, ...others] = findings.filter(({ what }) => what === 'engine');
      assert.match(engine!.found, /\(gpu\) is installed/);
      assert.deepEqual([engine!.next, others], [undefined, []]);
      const kernels = findings.find(({ what }) => what === 'kernels')!;
      assert.match(kernels.found, /^TensorFlow\b/);
      if (runsKernels().norms) assert.match(kernels.next!, /Install a C\+\+ compiler/);
      const cuda = findings.find(({ what }) => what === 'CUDA')!;
      assert.match(cuda.found, /No NVIDIA driver answers/);
      assert.match(cuda.next!, /--gpus all/);
      const status = await ktg(file, 'engine', 'status');
      assert.equal(status.code, 0);
      assert.match(
        status.out,
        /\(cpu\) is not installed[^]*\(gpu\) is installed[^]*No NVIDIA driver/,
      );
      rmSync(library, { recursive: true });
      const none = (
        (await ktg(file, 'doctor', '--json')).json[0] as (typeof json)[0] & {
          findings: typeof findings;
        }
      ).findings;
      assert.match(none.find(({ what }) => what === 'engine')!.found, /portable engine is used/);
      assert.match(
        none.find(({ what }) => what === 'graphics cards')!.found,
        /the processor computes/,
      );
    } finally {
      process.env = before;
    }
  });

  test('--lab overrides KTG_LAB', async () => {
    assert.match((await ktg('/nowhere/lab.sqlite', 'list', '--lab', file)).out, /First/);
  });
});

describe('a lab held by another program', () => {
  let lab: Lab;
  let leave: () => void;
  let study: number;
  before(async () => {
    lab = scriptedLab({}, openLabFile(file));
    leave = await listenOnLocalSocket(lab, file);
    const card = await lab.request('studies.create', {
      name: 'Long',
      plan: plan({ trials: 50_000, duplicates: 'train' }),
      start: true,
    });
    study = card.study.id;
  });
  after(async () => {
    leave();
    await lab.close('at-once');
  });

  test('slots and priority change during training; a pause from elsewhere counts as an interruption', async () => {
    assert.match((await ktg(file, 'slots', '3')).out, /scripted +3 /);
    const { json } = await ktg(file, 'slots', 'scripted=4', '--json');
    assert.deepEqual(
      (json[0] as { devices: Device[] }).devices.map(({ name, slots }) => [name, slots]),
      [['scripted', 4]],
    );
    const watching = startKtg(file, 'resume', 'Long', '--priority', '3');
    await watching.line((line) => line.startsWith('trial'));
    assert.equal((await lab.request('studies.open', { study })).study.priority, 3);
    assert.equal((await ktg(file, 'pause', 'Long')).code, 0);
    const { code, out } = await watching.ended;
    assert.equal(code, 130);
    assert.match(out, /Continue with: ktg resume 2/);
    await lab.request('studies.resume', { study });
  });

  test('a re-run is paused and stopped from another terminal', async () => {
    const { run } = (await lab.request('studies.open', { study: 1 })).best!;
    await lab.request('studies.change', { study, priority: 3 }); // the re-run waits for a slot
    const { rerun } = await lab.request('reruns.create', {
      name: 'Again',
      from: { run },
      seeds: 50,
      baselines: [],
      start: true,
    });
    assert.match(
      (await ktg(file, 'pause', '--rerun', String(rerun.id))).out,
      /is paused\. Continue with: ktg rerun --continue 1/,
    );
    assert.equal((await lab.request('reruns.open', { rerun: rerun.id })).rerun.state, 'paused');
    assert.equal((await ktg(file, 'stop', '--rerun', String(rerun.id))).code, 0);
    assert.equal((await lab.request('reruns.open', { rerun: rerun.id })).rerun.state, 'stopped');
  });

  test('pause, resume, status and stop work on it', async () => {
    const status = (await ktg(file, 'status', '--json')).json[0] as {
      status: { readOnly: boolean };
      studies: StudyCard[];
    };
    assert.equal(status.status.readOnly, false);
    assert.equal(status.studies.at(-1)!.study.state, 'running');
    assert.equal((await ktg(file, 'pause', 'Long')).code, 0);
    assert.equal((await lab.request('studies.open', { study })).study.state, 'paused');
    assert.equal((await ktg(file, 'stop', String(study), '--json')).code, 0);
    assert.equal((await lab.request('studies.open', { study })).study.state, 'stopped');
  });
});

test('without any slot a message gives advice, and a search refuses to start', async () => {
  const own = join(folder, 'slotless.sqlite');
  const lab = scriptedLab({}, openLabFile(own));
  const leave = await listenOnLocalSocket(lab, own);
  const said = 'No device has a slot: ktg slots scripted=64';
  for (const command of ['search', 'resume', 'rerun']) {
    await lab.request('studies.create', { name: command, plan: plan(), start: false });
    const { code, err } = await ktg(own, command, '--slots', 'scripted=0');
    assert.deepEqual(
      [code, /"scripted=0" gives no device a slot[^]*--slots scripted=64/.test(err)],
      [2, true],
      err,
    );
  }
  assert.equal((await lab.request('slots.list', {})).length, 2, 'nothing was set');
  const { code, out, err } = await ktg(own, 'slots', 'scripted=0');
  assert.deepEqual([code, /scripted +0 /.test(out), err], [0, true, `ktg: ${said}\n`]);
  assert.ok((await ktg(own, 'status')).out.includes(`\n${said}\n`));
  const watching = startKtg(own, 'resume', 'search', '--json');
  await watching.line(
    (text) => text === JSON.stringify({ event: 'log', level: 'warning', text: said }),
  );
  watching.child.kill('SIGINT');
  assert.equal((await watching.ended).code, 130);
  const asText = startKtg(own, 'resume', 'search');
  await asText.line((text) => text === said);
  await ktg(own, 'slots', 'scripted=2');
  const { out: seen } = await asText.ended;
  assert.equal(seen.split(said).length, 2, 'once');
  leave();
  await lab.close();
});

test('an observer prints removed slots', async () => {
  const own = join(folder, 'taken.sqlite');
  const lab = scriptedLab({ pace: 20 }, openLabFile(own));
  const leave = await listenOnLocalSocket(lab, own);
  await lab.request('studies.create', { name: 'Long', plan: plan({ trials: 5000 }), start: true });
  const watching = startKtg(own, 'resume', '--json');
  await watching.line((text) => text.startsWith('{"event":"study"'));
  await lab.request('slots.set', { device: 'scripted', slots: 0 });
  await watching.line((text) => text.includes('No device has a slot'));
  watching.child.kill('SIGINT');
  await watching.ended;
  leave();
  await lab.close('at-once');
});

test('an observer prints the result when the holder ends with the study', async () => {
  const own = join(folder, 'both-end.sqlite');
  const lab = scriptedLab({}, openLabFile(own));
  const { study } = await lab.request('studies.create', {
    name: 'Short',
    plan: plan({ trials: 4 }),
    start: true,
  });
  await studyIs(lab, study.id, 'completed');
  const leave = await listenOnLocalSocket(
    {
      request: async (name, ...rest) => {
        if (name !== 'studies.open') return lab.request(name, ...rest);
        leave();
        await lab.close();
        throw new Error('nobody hears it');
      },
      subscribe: (...all) => lab.subscribe(...all),
    },
    own,
  );
  const { code, json, err } = await ktg(own, 'resume', '--json');
  assert.deepEqual([code, err], [0, '']);
  const { event, finished, done } = json.at(-1)!;
  assert.deepEqual([event, finished, done], ['end', true, 4]);
});

test('an observer prints runs that ended between two holders, each once', async () => {
  const own = join(folder, 'between.sqlite');
  const lab = scriptedLab({ pace: 5 }, openLabFile(own));
  const old = await lab.request('studies.create', {
    name: 'S',
    plan: plan({ trials: 5 }),
    start: true,
  });
  await studyIs(lab, old.study.id, 'completed');
  const ended = (await lab.request('trials.query', { study: old.study.id })).rows.length;
  let told = 0;
  const leave = await listenOnLocalSocket(
    {
      request: async (...all) => lab.request(...all),
      // Its first trials are told; then nothing more, as by one that is about to end.
      subscribe: (topics, listener) =>
        lab.subscribe(topics, (event) => {
          if (event.type === 'runs' && told === 0) {
            told = event.rows.filter(({ state }) => hasEnded(state)).length;
            listener(event);
          }
        }),
    },
    own,
  );
  // So that the old ones are older than the program.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const watching = startKtg(own, 'resume', '--trials', '25', '--json');
  await watching.line((text) => text.startsWith('{"event":"trial"'));
  await studyIs(lab, old.study.id, 'completed');
  leave();
  await lab.close();
  const { code, json } = await watching.ended;
  assert.equal(code, 0);
  const numbers = json.flatMap(({ event, number }) =>
    event === 'trial' ? [number as number] : [],
  );
  assert.ok(told > 0 && told < 25 - ended, `${told} were told`);
  assert.deepEqual(
    numbers.sort((a, b) => a - b),
    Array.from({ length: 25 - ended }, (_, index) => ended + index),
  );
});

/** Data for real training after formulas; those then say the same images. */
const TINY = 'synthetic:train=160,test=100';

test('an observer takes the lab over when the holder ends', async () => {
  const own = join(folder, 'ends.sqlite');
  const { identity } = await openDataset(TINY);
  const lab = scriptedLab({ data: () => identity }, openLabFile(own));
  const leave = await listenOnLocalSocket(lab, own);
  const { training, space } = plan();
  const real = plan({
    trials: 50_000,
    duplicates: 'train',
    space: { ...space, frozen: false }, // teachers of the formula's workers hold no weights
    training: { ...training, data: TINY, epochs: 1 },
  });
  await lab.request('studies.create', { name: 'Long', plan: real, start: true });
  const watching = startKtg(own, 'resume', '--json');
  await watching.line((line) => line.startsWith('{"event":"trial"'));
  leave();
  await lab.close('at-once');
  await watching.line((line) => line.includes('has ended; this program continues'));
  const { number } = openLabFile(own, { readOnly: true }).runs({
    states: ['waiting', 'running'],
  })[0]!;
  await watching.line(
    (line) => line.startsWith('{"event":"trial"') && line.includes(`"number":${number},`),
  );
  watching.child.kill('SIGINT');
  const { code, json } = await watching.ended;
  assert.equal(code, 130);
  assert.equal((json.at(-1) as unknown as StudyCard).study.state, 'paused');
});

test('Ctrl-C pauses a re-run and ends the program, whatever else trains in the lab', async () => {
  const own = join(folder, 'rerun.sqlite');
  const { identity } = await openDataset(TINY);
  const { training, space } = plan();
  const tiny = { ...training, data: TINY, epochs: 1 };
  const lab = scriptedLab({ data: () => identity }, openLabFile(own));
  const long = plan({
    trials: 50_000,
    duplicates: 'train',
    space: { ...space, frozen: false },
    training: tiny,
  });
  const { study } = await lab.request('studies.create', { name: 'Long', plan: long, start: true });
  await eventOf(lab, 'runs', 'runs', ({ rows }) => rows.some(({ state }) => state === 'completed'));
  await lab.close();
  const watching = startKtg(own, 'rerun', 'Long', '--seeds', '100', '--slots', '2', '--json');
  await watching.line((line) => line.startsWith('{"event":"repeat"'));
  watching.child.kill('SIGINT');
  const { code, json } = await watching.ended;
  assert.equal(code, 130);
  assert.equal((json.at(-1) as unknown as RerunView).rerun.state, 'paused');
  const store = openLabFile(own, { readOnly: true });
  assert.equal(store.study(study.id).state, 'running');
  store.close();
});

test('a closed output ends a list silently and pauses a search', async () => {
  const own = join(folder, 'unread.sqlite');
  const tiny = [
    '--data',
    'synthetic:train=160,test=100',
    '--nodes',
    '1',
    '--trials',
    '50000',
    '--epochs',
    '1',
    '--duplicates',
    'train',
    '--slots',
    '1',
  ];
  const searching = startKtg(own, 'search', ...tiny);
  await searching.line((line) => line.startsWith('trial'));
  searching.child.stdout!.destroy();
  const searched = await searching.ended;
  assert.deepEqual([searched.code, searched.err], [130, '']);
  const store = openLabFile(own, { readOnly: true });
  assert.deepEqual(
    [store.studies()[0]!.state, store.runs({ states: ['running'] })],
    ['paused', []],
  );
  store.close();
  for (const command of ['list', 'help']) {
    const running = startKtg(own, command);
    running.child.stdout!.destroy();
    const { code, err } = await running.ended;
    assert.deepEqual([code, err], [0, ''], command);
  }
});

test(
  'a full output disk is reported in one sentence',
  { skip: !existsSync('/dev/full') },
  async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [cli, 'help'], { stdio: ['ignore', full, 'pipe'] });
    const [err, [code]] = await Promise.all([text(child.stderr!), once(child, 'close')]);
    closeSync(full);
    assert.deepEqual(
      [code, /^ktg: The output cannot be written: ENOSPC/.test(err), /\n\s+at /.test(err)],
      [1, true, false],
      err,
    );
  },
);

test('an observer prints the result after the last checkpoint, also after a pause from another terminal', async () => {
  const own = join(folder, 'paused.sqlite');
  const lab = scriptedLab({ pace: 100 }, openLabFile(own));
  const leave = await listenOnLocalSocket(lab, own);
  const { study } = await lab.request('studies.create', {
    name: 'Slow',
    plan: plan({ trials: 50 }),
    start: true,
  });
  const watching = startKtg(own, 'resume', '--json');
  await watching.line((line) => line.startsWith('{"event":"study"'));
  await eventOf(lab, 'slots', 'slots', ({ slots }) => slots.every(({ run }) => run !== null));
  await lab.request('studies.pause', { study: study.id, when: 'after-epoch' });
  const { json } = await watching.ended;
  assert.equal((json.at(-1) as unknown as StudyCard).running, 0);
  leave();
  await lab.close('at-once');
});

test('a lab is found by any path of its file', async () => {
  const own = join(folder, 'named.sqlite');
  const lab = scriptedLab({}, openLabFile(own));
  const leave = await listenOnLocalSocket(lab, own);
  symlinkSync(own, `${own}-link`);
  const { status } = (await ktg(`${own}-link`, 'status', '--json')).json[0] as {
    status: LabStatus;
  };
  assert.deepEqual([status.readOnly, status.slots.length], [false, 2]);
  leave();
  await lab.close();
  const elsewhere = await ktg(folder, 'list');
  assert.deepEqual([elsewhere.code, /is a folder/.test(elsewhere.err)], [1, true], elsewhere.err);
});

test('of two programs that open a lab at once, one holds it and the other observes', async () => {
  const own = join(folder, 'both.sqlite');
  const args = [
    'search',
    '--data',
    'synthetic:train=160,test=100',
    '--nodes',
    '1',
    '--trials',
    '1',
    '--epochs',
    '1',
    '--slots',
    '1',
  ];
  const ended = await Promise.all(
    ['A', 'B'].map(async (name) => ktg(own, ...args, '--name', name)),
  );
  assert.deepEqual(ended.map(({ code }) => code).sort(), [0, 0], JSON.stringify(ended));
  assert.match(
    (await ktg(own, 'list')).out,
    /A +completed[^]*B +completed|B +completed[^]*A +completed/,
  );
});
