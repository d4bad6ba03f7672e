import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Dataset } from '../data/dataset.ts';
import type { EngineInfo } from '../engine/engine.ts';
import { computationWords } from '../study/computation.ts';
import type { Environment } from '../study/environment.ts';
import { filesLeftOut } from '../study/left-out.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Returns the present environment, which is recorded with every number. */
export function environmentOf(engine: EngineInfo, dataset: Dataset): Environment {
  const leftOut = filesLeftOut(dataset);
  return {
    app: appVersion(),
    revision: revision(),
    runtime: `node ${process.versions.node}`,
    engine:
      `${engine.version} ` +
      `(${[engine.name, ...(engine.computation ? [computationWords(engine.computation)] : [])].join(', ')})`,
    ...(engine.kernels !== undefined && { kernels: engine.kernels }),
    ...(engine.threads !== undefined && { threads: engine.threads }),
    platform: `${process.platform} ${process.arch}`,
    host: hostname(),
    device: engine.device.startsWith('GPU')
      ? engine.device
      : `${engine.device}: ${cpus()[0]?.model.trim() ?? 'unknown processor'}`,
    data: dataset.identity,
    ...(leftOut && { leftOut }),
  };
}

/** Returns the version of this program. */
export const appVersion = (): string =>
  (JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string }).version;

/**
 * Returns the Git revision of this program, with `+` for changed files; null outside a checkout.
 */
export function revision(): string | null {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', root, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    return (
      git('rev-parse', '--short=12', 'HEAD') +
      (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+')
    );
  } catch {
    return null; // no git, or not a checkout
  }
}
