import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const build = new URL('../../build/', import.meta.url);

/**
 * A checkout with two packages and a pretended npm, which notes its calls in `calls` and does what
 * `mode` says: `ok`; `fail` with a word; `hang`, leaving its process id in `npm.pid`.
 */
export class PretendedCheckout {
  readonly root: string;

  constructor(folder: string) {
    this.root = join(folder, 'checkout');
    mkdirSync(join(this.root, 'build'), { recursive: true });
    this.lock('1.0.0');
    this.mode = 'ok';
    writeFileSync(join(this.root, 'npm-cli.js'), npm);
    writeFileSync(join(this.root, 'build', 'engine.ts'), engine);
  }

  /** The lock file, with this version of a package. */
  lock(version: string): void {
    const packages = {
      '': { name: 'checkout' },
      'node_modules/node': { version: process.versions.node },
      'node_modules/left': { version },
      'node_modules/elsewhere': { version: '1.0.0', os: ['none'], optional: true },
    };
    writeFileSync(join(this.root, 'package-lock.json'), JSON.stringify({ packages }));
  }

  set mode(mode: 'ok' | 'fail' | 'hang') {
    writeFileSync(join(this.root, 'mode'), mode);
  }

  /** What npm and the engine step were asked since the last time, a word for each call. */
  calls(): string {
    const path = join(this.root, 'calls');
    let calls = '';
    try {
      calls = readFileSync(path, 'utf8');
    } catch {
      // none yet
    }
    writeFileSync(path, '');
    return calls.trim();
  }

  /** Environment in which set-up finds the pretended npm. */
  get environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      npm_execpath: join(this.root, 'npm-cli.js'),
      npm_node_execpath: process.execPath,
      KTG_HOME: join(this.root, 'home'),
    };
  }

  /** Arguments for node: set up this checkout, and say when that is done. */
  get setup(): string[] {
    const code = `import { ensureSetupOrExit } from ${JSON.stringify(new URL('setup.js', build).href)};
      await ensureSetupOrExit({ root: process.argv[1] });
      console.log('ready');`;
    return ['--input-type=module', '-e', code, this.root];
  }
}

const npm = `
const fs = require('fs');
const [what] = process.argv.slice(2);
const mode = fs.readFileSync('mode', 'utf8');
fs.appendFileSync('calls', what + ' ');
if (mode === 'fail') {
  console.error('npm error code EXAMPLE');
  process.exit(7);
}
if (what === 'ci') {
  fs.rmSync('node_modules', { recursive: true, force: true });
  const lock = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
  for (const [path, { version, optional }] of Object.entries(lock.packages)) {
    if (!path || optional) continue;
    fs.mkdirSync(path, { recursive: true });
    fs.writeFileSync(path + '/package.json', JSON.stringify({ version }));
    if (mode === 'hang') {
      fs.writeFileSync('npm.pid', String(process.pid));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    }
  }
  fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify(lock));
}
if (what === 'rebuild') {
  fs.mkdirSync('node_modules/node/bin', { recursive: true });
  fs.symlinkSync(process.execPath, 'node_modules/node/bin/node');
}
`;

const engine = `
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
const [stamp, cache] = process.argv.slice(2);
appendFileSync('calls', 'engine ');
mkdirSync(process.env.KTG_HOME, { recursive: true });
const manifest = process.env.KTG_HOME + '/manifest.json';
writeFileSync(manifest, '');
writeFileSync(stamp, JSON.stringify({ cache, manifest }));
`;
