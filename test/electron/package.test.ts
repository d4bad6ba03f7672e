/**
 * What a package holds, made by electron-builder itself around an Electron that is only a shape: no
 * binary is needed.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build, Platform } from 'electron-builder';
import type { PackagerOptions } from 'app-builder-lib';
import { packageConfiguration } from '../../build/packaging.js';
import { attachLab } from '../../core/host/attach.ts';
import { fake, settled } from './with-fake.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const asar = createRequire(import.meta.url)('@electron/asar') as {
  createPackage(folder: string, file: string): Promise<void>;
  listPackage(file: string): string[];
  extractAll(file: string, folder: string): void;
};
const { validateConfiguration } = createRequire(import.meta.url)(
  'app-builder-lib/out/util/config/config',
) as {
  validateConfiguration(configuration: object, debug: object): Promise<void>;
};
/**
 * Where fuses are in Electron's program: a mark, the version, their number and one character each.
 */
const FUSES = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX\u0001\u00081'.padEnd(34 + 8, '1');
const skip = process.platform === 'linux' ? false : 'The shape of Electron here is that of Linux.';

describe('a package', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-package-'));
  const unpacked = join(folder, 'out', 'linux-unpacked');
  const outside = join(unpacked, 'resources', 'app.asar.unpacked');
  let files: string[] = [];
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  before(async () => {
    const electronDist = join(folder, 'electron');
    mkdirSync(join(electronDist, 'resources'), { recursive: true });
    mkdirSync(join(electronDist, 'locales'));
    writeFileSync(join(electronDist, 'locales', 'en-US.pak'), '');
    writeFileSync(join(electronDist, 'electron'), `shape ${FUSES} end`, 'latin1');
    chmodSync(join(electronDist, 'electron'), 0o755);
    for (const name of ['LICENSE', 'LICENSES.chromium.html', 'version'])
      writeFileSync(join(electronDist, name), '');
    mkdirSync(join(folder, 'empty'));
    await asar.createPackage(
      join(folder, 'empty'),
      join(electronDist, 'resources', 'default_app.asar'),
    );
    writeFileSync(join(folder, 'node'), 'the Node of workers');
    execFileSync(process.execPath, ['build/window.js'], { cwd: root });
    execFileSync(process.execPath, ['build/shell.js'], { cwd: root });
    await build({
      targets: Platform.LINUX.createTarget('dir'),
      projectDir: root,
      publish: 'never',
      config: packageConfiguration({
        node: join(folder, 'node'),
        output: join(folder, 'out'),
        electronDist,
      }),
    });
    files = readdirSync(unpacked, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(unpacked, join(entry.parentPath, entry.name)));
  });

  test('has one native file per module, for its platform', () => {
    const native = files.filter((file) => file.endsWith('.node'));
    const platform = `${process.platform}-${process.arch}`;
    const names = native.map((file) => file.split('node_modules/')[1]!);
    assert.equal(names.length, 2);
    assert.equal(names[0], `better-sqlite3/prebuilds/${platform}.node`);
    assert.match(names[1]!, new RegExp(`^@img/sharp-${platform}/lib/sharp-${platform}.*\\.node$`));
    if (process.platform === 'linux')
      assert.ok(
        files.some((file) => file.includes(`@img/sharp-libvips-${platform}/lib/libvips-cpp.so`)),
        'the library of sharp',
      );
  });

  test('keeps libraries, workers and threads outside the archive, the window and the main program inside', () => {
    for (const path of [
      'dist/electron/worker.js',
      'dist/electron/checkpointer-thread.js',
      'dist/electron/background-thread.js',
      'dist/electron/effects-thread.js',
      'dist/electron/look-program.js',
      'package.json',
      'node_modules/better-sqlite3/lib/index.js',
      'node_modules/@tensorflow/tfjs/dist/tf.node.js',
      'node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
    ])
      assert.ok(existsSync(join(outside, path)), path);
    for (const path of [
      'dist/electron/main.js',
      'dist/electron/preload.cjs',
      'dist/renderer/index.html',
    ])
      assert.ok(!existsSync(join(outside, path)), path);
    const inside = asar.listPackage(join(unpacked, 'resources', 'app.asar'));
    for (const path of [
      '/dist/electron/main.js',
      '/dist/electron/preload.cjs',
      '/dist/renderer/index.html',
    ])
      assert.ok(inside.includes(path), path);
  });

  test('contains the sources of the connection to TensorFlow, and no TensorFlow', () => {
    for (const path of [
      '@tensorflow/tfjs-node-gpu/binding/tfjs_backend.cc',
      '@tensorflow/tfjs-node-gpu/package.json',
      'node-api-headers/include/node_api.h',
    ])
      assert.ok(existsSync(join(outside, 'node_modules', path)), path);
    assert.deepEqual(
      files.filter((file) => /libtensorflow/.test(file)),
      [],
    );
    assert.equal(readFileSync(join(unpacked, 'resources', 'node'), 'utf8'), 'the Node of workers');
  });

  test('contains no files for developers', () => {
    const theirs = [...files, ...asar.listPackage(join(unpacked, 'resources', 'app.asar'))].filter(
      (file) =>
        /\.(ts|map|md)$|(^|\/)(test|tests|__tests__)\/|node_modules\/(electron|vite|typescript|eslint|svelte|playwright-core)\//.test(
          file,
        ),
    );
    assert.deepEqual(theirs, []);
  });

  test('has its fuses set', () => {
    const program = readFileSync(join(unpacked, 'ktg-lab'), 'latin1');
    const at = program.indexOf(FUSES.slice(0, 32)) + 34;
    // run as node, cookie encryption, NODE_OPTIONS, --inspect, archive checked, only the archive,
    // snapshot, file://
    assert.match(program.slice(at, at + 8), /^01001110$|^010011.0$/);
  });

  describe('for Linux', () => {
    /**
     * What electron-builder would hand to the tool that makes each package; that tool is not there.
     */
    const made: unknown[] = [];
    before(async () => {
      const seen: Pick<PackagerOptions, 'effectiveOptionComputed'> = {
        effectiveOptionComputed: async (options) => {
          made.push(options);
          return Promise.resolve(true);
        },
      };
      await build({
        targets: Platform.LINUX.createTarget(),
        projectDir: root,
        publish: 'never',
        prepackaged: unpacked,
        config: packageConfiguration({ node: join(folder, 'node'), output: join(folder, 'out') }),
        ...seen,
      });
    });

    test('is an AppImage that keeps its sandbox and opens links to the lab', () => {
      const { desktop, desktopFileName } = made.find((each) => !Array.isArray(each)) as {
        desktop: string;
        desktopFileName: string;
      };
      assert.match(desktop, /^Exec=AppRun\s+%U$/m);
      assert.doesNotMatch(desktop, /no-sandbox/);
      assert.match(desktop, /^MimeType=x-scheme-handler\/ktg-lab;$/m);
      assert.match(desktop, /^StartupWMClass=ktg-lab$/m);
      assert.equal(desktopFileName, 'ktg-lab.desktop');
    });

    test('is a .deb that depends on Electron’s libraries', () => {
      const [args] = made.find((each) => Array.isArray(each)) as [string[], string];
      assert.match(args[args.indexOf('--url') + 1]!, /^https:\/\//);
      for (const library of ['libasound2', 'libgbm1']) assert.ok(args.includes(library), library);
      const { deb } = packageConfiguration({ node: '', output: '' });
      // Or electron-builder's own list would be lost: GTK, NSS, xdg-utils, ...
      assert.equal(deb!.depends, undefined);
    });
  });

  test('decodes no image in the main program', () => {
    const main = readFileSync(join(root, 'dist', 'electron', 'main.js'), 'utf8');
    assert.doesNotMatch(main, /^import[^;]*["']sharp["']/m);
  });

  test('runs the main program from the archive, workers and threads from outside', async () => {
    const resources = join(folder, 'resources');
    mkdirSync(resources);
    // Which only Electron looks into.
    asar.extractAll(join(unpacked, 'resources', 'app.asar'), join(resources, 'app.asar'));
    symlinkSync(outside, join(resources, 'app.asar.unpacked'));
    symlinkSync(process.execPath, join(resources, 'node'));
    const file = join(folder, 'lab.sqlite');
    Object.assign(fake.app, { isPackaged: true, folder });
    process.argv.splice(1, Infinity, `--lab=${file}`);
    Object.assign(process, { resourcesPath: resources });
    // Nothing of the user's: the engine is the one that the package brings.
    process.env.KTG_HOME = folder;
    await import(join(resources, 'app.asar', 'dist', 'electron', 'main.js'));
    for (let i = 0; i < 500 && fake.BrowserWindow.made.length === 0; i++) await settled();
    assert.deepEqual(fake.dialog.errors, []);
    assert.equal(process.env.KTG_NODE, join(resources, 'node'));
    const page = await fake.protocol.handlers.get('app')!({ url: 'app://lab/', method: 'GET' });
    assert.match(await page.text(), /<script type="module"/);

    const lab = await attachLab(file); // through the app's doorway
    assert.equal(lab.elsewhere, true);
    const slots = await lab.api.request('slots.list', {});
    assert.ok(slots.length > 0);
    const ready = async (): Promise<boolean> =>
      (await lab.api.request('slots.list', {})).every(({ state }) => state !== 'starting');
    while (!(await ready())) await settled();
    assert.deepEqual(
      (await lab.api.request('slots.list', {})).map(({ problem }) => problem),
      slots.map(() => ''),
    );
    const [sample] = await lab.api.request('data.samples', { data: 'synthetic', count: 1 });
    assert.match(sample!.image, /^data:image\/png/);

    // The engine comes later, into the user's folder: here from a wheel that is not there, which is
    // found there.
    const packed = readdirSync(unpacked, { recursive: true }).length;
    process.env.KTG_TENSORFLOW_WHEEL = join(folder, 'missing.whl');
    await lab.api.request('engine.install', { kind: 'cpu' });
    const engine = async () => (await lab.api.request('lab.status', {})).engine;
    while ((await engine()).install) await settled();
    assert.match((await engine()).problem!.message, /missing\.whl/);
    assert.equal((await engine()).kind, 'portable');
    assert.deepEqual(readdirSync(join(folder, 'engine')), []);
    assert.equal(readdirSync(unpacked, { recursive: true }).length, packed);
    await lab.close();

    fake.app.emit('before-quit', { preventDefault: () => undefined });
    while (fake.app.quits === 0) await settled();
  });
});

describe('a package for another platform', () => {
  for (const [platform, arch, program] of [
    ['win32', 'x64', 'node.exe'],
    ['darwin', 'arm64', 'node'],
  ] as const)
    test(`${platform}: has a valid configuration with existing files`, async () => {
      const configuration = packageConfiguration({ node: '/node', output: '/out', platform, arch });
      const debug = { add: () => undefined, isEnabled: false };
      await validateConfiguration(configuration, debug);
      await assert.rejects(
        validateConfiguration({ ...configuration, nonsense: true }, debug),
        /nonsense/,
      );
      const resources = configuration.extraResources as { to: string }[];
      assert.equal(resources[0]!.to, program);
      assert.ok(
        (configuration.files as string[]).includes(
          `!node_modules/better-sqlite3/prebuilds/!(${platform}-${arch}.node)`,
        ),
      );
      for (const path of [
        `node_modules/better-sqlite3/prebuilds/${platform}-${arch}.node`,
        configuration.win!.icon as string,
        configuration.mac!.icon as string,
      ])
        assert.ok(existsSync(join(root, path)), path);
    });
});
