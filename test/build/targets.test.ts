/** How `npm run pack` makes one package after another, and a .deb with Debian's own tools. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { debTool, makeEach, unpackedFolder } from '../../build/targets.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ktg-targets-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('targets', () => {
  test('are all made, and each failure has a reason of one line', async () => {
    const tried: string[] = [];
    const { made, failed } = await makeEach(['AppImage', 'deb'], (target) => {
      tried.push(target);
      if (target === 'AppImage')
        return Promise.reject(new Error('getaddrinfo ENOTFOUND\n    at x'));
      return Promise.resolve([`/out/app.${target}`]);
    });
    assert.deepEqual(tried, ['AppImage', 'deb']);
    assert.deepEqual(made, ['/out/app.deb']);
    assert.deepEqual(failed, ['AppImage could not be made: getaddrinfo ENOTFOUND']);
  });

  test('come from the folder that electron-builder unpacks into', () => {
    assert.deepEqual(['x64', 'arm64'].map(unpackedFolder), [
      'linux-unpacked',
      'linux-arm64-unpacked',
    ]);
  });

  test('use installed Debian tools unless an fpm is chosen', () => {
    assert.deepEqual(debTool(root, { PATH: folder }), {});
    const bin = mkdtempSync(join(folder, 'bin-'));
    writeFileSync(join(bin, 'dpkg-deb'), '#!/bin/sh\n', { mode: 0o755 });
    const { CUSTOM_FPM_PATH } = debTool(root, { PATH: bin });
    assert.equal(CUSTOM_FPM_PATH, join(root, 'build', 'deb.js'));
    assert.ok(statSync(CUSTOM_FPM_PATH).mode & 0o100, 'it can be run');
    assert.deepEqual(debTool(root, { PATH: bin, CUSTOM_FPM_PATH: '/my/fpm' }), {});
    assert.deepEqual(debTool(root, { PATH: bin, USE_SYSTEM_FPM: 'true' }), {});
  });
});

const skip = spawnSync('dpkg-deb', ['--version']).error ? 'dpkg-deb is not here' : false;

describe('a .deb', { skip }, () => {
  const app = join(folder, 'app');
  mkdirSync(join(app, 'resources'), { recursive: true });
  chmod(join(app, 'ktg-lab'), '#!/bin/sh\n', 0o700);
  chmod(join(app, 'resources', 'data'), 'data', 0o600);
  chmod(join(folder, 'ktg-lab.desktop'), '[Desktop Entry]\n', 0o600);
  chmod(join(folder, 'install'), '#!/bin/bash\necho installed\n', 0o600);

  function chmod(path: string, content: string, mode: number): void {
    writeFileSync(path, content, { mode });
  }

  /** As electron-builder calls fpm. */
  const make = (output: string, ...more: string[]) =>
    spawnSync(
      process.execPath,
      [
        join(root, 'build', 'deb.js'),
        ...['-s', 'dir', '--force', '-t', 'deb', '-d', 'libgtk-3-0', '-d', 'libnss3'],
        ...['--deb-recommends', 'libappindicator3-1', '--deb-compression', 'gz'],
        ...['--architecture', 'amd64', '--after-install', join(folder, 'install')],
        ...['--description', 'Graphs that teach\n More of them.\n\n And a paragraph.'],
        ...['--version', '0.1.0', '--package', output, '--name', 'ktg-lab', '--license', 'MIT'],
        ...['--maintainer', 'KTG lab <ktg-lab@localhost>', '--vendor', 'KTG lab'],
        ...['--url', 'https://ktg-lab.example', '--deb-priority', 'optional', ...more],
        ...['--depends', 'libgbm1', `${app}/=/opt/KTG lab`],
        `${join(folder, 'ktg-lab.desktop')}=/usr/share/applications/ktg-lab.desktop`,
      ],
      { encoding: 'utf8' },
    );
  const tell = (...args: string[]): string => execFileSync('dpkg-deb', args, { encoding: 'utf8' });

  test('has metadata, dependencies and files that all users can read', () => {
    const output = join(folder, 'ktg-lab.deb');
    const { status, stderr } = make(output);
    assert.equal(status, 0, stderr);
    const field = (name: string): string => tell('--field', output, name).trim();
    assert.deepEqual(['Package', 'Version', 'Architecture'].map(field), [
      'ktg-lab',
      '0.1.0',
      'amd64',
    ]);
    assert.equal(field('Depends'), 'libgtk-3-0, libnss3, libgbm1');
    assert.equal(field('Recommends'), 'libappindicator3-1');
    assert.equal(field('Installed-Size'), '1');
    assert.equal(field('Description'), 'Graphs that teach\n More of them.\n .\n And a paragraph.');
    const files = tell('--contents', output)
      .split('\n')
      .map((line) => line.split(/\s+/));
    const listed = (end: string) =>
      files.find((words) => words.join(' ').endsWith(end))!.slice(0, 2);
    assert.deepEqual(listed('./opt/KTG lab/ktg-lab'), ['-rwxr-xr-x', 'root/root']);
    assert.deepEqual(listed('./opt/KTG lab/resources/data'), ['-rw-r--r--', 'root/root']);
    assert.deepEqual(listed('./usr/share/applications/ktg-lab.desktop'), [
      '-rw-r--r--',
      'root/root',
    ]);
    assert.match(tell('--info', output, 'postinst'), /echo installed/);
    assert.match(tell('--info', output, 'md5sums'), /^[0-9a-f]{32} {2}opt\/KTG lab\/ktg-lab$/m);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('.deb-')),
      [],
    );
  });

  test('is refused for unknown arguments', () => {
    const output = join(folder, 'never.deb');
    assert.match(make(output, '--config-files', '/etc/x').stderr, /config-files/);
    assert.ok(!existsSync(output));
  });
});
