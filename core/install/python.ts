import { spawnSync } from 'node:child_process';
import { LabError } from '../base/errors.ts';

/** Where and how a Python is started. */
export interface PythonPlace {
  /**
   * An empty folder: without `PYTHONSAFEPATH`, known from 3.11 on, Python imports from here first.
   */
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/**
 * A place in which Python imports nothing of the folder that a person happens to be in: there,
 * `pip.py` would run in the place of pip. Every start of a Python takes one.
 *
 * @param empty path of a folder without any file
 */
export const pythonPlace = (empty: string): PythonPlace => ({
  cwd: empty,
  env: { ...process.env, PYTHONSAFEPATH: '1' },
});

/** The first Python on PATH that has pip. @throws LabError `engine.no-python`, `engine.no-pip` */
export function findPython(place: PythonPlace): string {
  const works = (name: string, ...args: string[]): boolean =>
    spawnSync(name, args, place).status === 0;
  const pythons = ['python3', 'python'].filter((name) => works(name, '--version'));
  const withPip = pythons.find((name) => works(name, '-m', 'pip', '--version'));
  if (withPip) return withPip;
  if (pythons[0]) throw new LabError('engine.no-pip', { python: pythons[0] });
  throw new LabError('engine.no-python');
}
