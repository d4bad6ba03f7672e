#!/usr/bin/env node
// Makes a .deb with Debian's own dpkg-deb. electron-builder calls it like fpm, which it would
// download otherwise; an unknown argument is an error. Plain JavaScript for Node 18 and newer.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** Names of compressions: fpm's, then dpkg-deb's. @type {Record<string, string>} */
const compressions = { xz: 'xz', gz: 'gzip', zst: 'zstd', none: 'none' };

const text = { type: /** @type {const} */ ('string') };
const texts = { ...text, multiple: /** @type {const} */ (true) };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    s: text,
    t: text,
    force: { type: 'boolean' },
    name: text,
    version: text,
    architecture: text,
    maintainer: text,
    description: text,
    url: text,
    depends: { ...texts, short: 'd' },
    'deb-recommends': texts,
    'deb-priority': text,
    'deb-compression': text,
    'after-install': text,
    'after-remove': text,
    package: text,
    // Debian's control files have no such fields.
    vendor: text,
    license: text,
  },
});

const output = resolve(needed('package'));
const folder = mkdtempSync(join(dirname(output), '.deb-'));
try {
  for (const pair of positionals) place(pair);
  const { bytes, sums } = settle('');
  const control = join(folder, 'DEBIAN');
  mkdirSync(control, { mode: 0o755 });
  writeFileSync(join(control, 'control'), fields(bytes), { mode: 0o644 });
  writeFileSync(join(control, 'md5sums'), sums.join(''), { mode: 0o644 });
  script('after-install', join(control, 'postinst'));
  script('after-remove', join(control, 'postrm'));
  const compression = compressions[values['deb-compression'] ?? 'xz'];
  if (compression === undefined)
    throw new Error(`dpkg-deb does not support ${values['deb-compression']}.`);
  const options = ['--root-owner-group', `-Z${compression}`];
  execFileSync('dpkg-deb', [...options, '--build', folder, output], { stdio: 'inherit' });
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * @param {'name' | 'version' | 'architecture' | 'maintainer' | 'package'} name
 * @returns {string}
 */
function needed(name) {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} is missing.`);
  return value;
}

/** Copies `FILE=/PATH`, or the content of `FOLDER/=/PATH`. @param {string} pair */
function place(pair) {
  const at = pair.lastIndexOf('=');
  if (at < 1) throw new Error(`${pair} names no place in the package.`);
  const to = join(folder, pair.slice(at + 1));
  mkdirSync(dirname(to), { recursive: true });
  cpSync(pair.slice(0, at), to, { recursive: true, verbatimSymlinks: true });
}

/**
 * Makes the files readable for all users, whatever the checkout's rights, and measures them.
 *
 * @param {string} path from the package's root
 * @returns {{ bytes: number, sums: string[] }} `sums` are lines of md5sums
 */
function settle(path) {
  const whole = join(folder, path);
  const found = lstatSync(whole);
  if (found.isSymbolicLink()) return { bytes: 0, sums: [] };
  if (found.isDirectory()) {
    chmodSync(whole, 0o755);
    const parts = readdirSync(whole)
      .sort()
      .map((name) => settle(join(path, name)));
    return {
      bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
      sums: parts.flatMap(({ sums }) => sums),
    };
  }
  chmodSync(whole, (found.mode & 0o100) === 0 ? 0o644 : 0o755);
  const sum = createHash('md5').update(readFileSync(whole)).digest('hex');
  return { bytes: found.size, sums: [`${sum}  ${path}\n`] };
}

/** @param {number} bytes installed size of the package */
function fields(bytes) {
  const [synopsis = '', ...more] = (values.description ?? '')
    .split('\n')
    .map((line) => line.trim());
  const lines = {
    Package: needed('name'),
    Version: needed('version'),
    Architecture: needed('architecture'),
    Maintainer: needed('maintainer'),
    'Installed-Size': `${Math.ceil(bytes / 1024)}`,
    Depends: values.depends?.join(', '),
    Recommends: values['deb-recommends']?.join(', '),
    Section: 'science',
    Priority: values['deb-priority'],
    Homepage: values.url,
    Description: [synopsis, ...more.map((line) => ` ${line || '.'}`)].join('\n'),
  };
  return Object.entries(lines)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

/** @param {'after-install' | 'after-remove'} name @param {string} to */
function script(name, to) {
  const file = values[name];
  if (file === undefined) return;
  copyFileSync(file, to);
  chmodSync(to, 0o755);
}
