import { spawnSync } from 'node:child_process';
import { LabError } from '../base/errors.ts';

/** Working directory and environment of a Python process. */
export interface PythonPlace {
  /** An empty folder: Python below 3.11 ignores `PYTHONSAFEPATH` and imports from here first. */
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/**
 * Returns a start environment in which Python imports nothing from the user's present folder: a
 * `pip.py` there would replace pip. Every start of Python uses one.
 *
 * @param empty path of a folder without files
 */
export const pythonPlace = (empty: string): PythonPlace => ({
  cwd: empty,
  env: { ...process.env, PYTHONSAFEPATH: '1' },
});

/**
 * Returns the first Python on PATH with pip.
 * @throws LabError `engine.no-python`, `engine.no-pip`
 */
export function findPython(place: PythonPlace): string {
  const works = (name: string, ...args: string[]): boolean =>
    spawnSync(name, args, place).status === 0;
  const pythons = ['python3', 'python'].filter((name) => works(name, '--version'));
  const withPip = pythons.find((name) => works(name, '-m', 'pip', '--version'));
  if (withPip) return withPip;
  if (pythons[0]) throw new LabError('engine.no-pip', { python: pythons[0] });
  throw new LabError('engine.no-python');
}
