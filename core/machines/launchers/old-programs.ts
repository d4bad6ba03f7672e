import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { HostShell } from './host-shell.ts';

/** Minutes for which a program stays that no agent names yet: one may be starting with it. */
const startMinutes = 10;
/** Minutes for which an unfinished delivery stays. */
const partMinutes = 24 * 60;

/** Ending of the file that names the program of an agent, beside its pairing. */
const ending = '.program';

/** Folder of this program. */
const root = resolve(import.meta.dirname, '../../..');

/**
 * Notes which delivered program an agent runs, so that it stays; does nothing for a program that no
 * lab has delivered.
 *
 * @param pairing path of its pairing file, `HOME/.ktg-lab/pairings/NAME.json` for delivered ones
 */
export function noteProgram(pairing: string, program = root): void {
  const folder = dirname(resolve(pairing));
  if (dirname(program) !== dirname(folder)) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${basename(pairing, '.json')}${ending}`);
  writeFileSync(file, `${basename(program)}\n`);
}

/**
 * Removes the programs of a host that no paired agent uses, on any node that shares its home, and
 * deliveries that were never finished.
 *
 * @param home script that defines `$K`, the folder of programs and pairings
 * @param present name of the program that was just delivered
 */
export async function removeOldPrograms(
  shell: HostShell,
  { home, present, signal }: { home: string; present: string; signal: AbortSignal },
): Promise<void> {
  const script = [
    `${home}; cd "$K" || exit 0`,
    `for F in pairings/*${ending}; do test -e "\${F%${ending}}.json" || rm -f "$F"; done`,
    'old() { test -n "$(find "$1" -maxdepth 0 -mmin +"$2" 2>/dev/null)"; }',
    'for D in [0-9]*/; do D="${D%/}"',
    'case "$D" in',
    `*.part.*) old "$D" ${partMinutes} && rm -rf "./$D";;`,
    `${present}) ;;`,
    `*) grep -qsxF "$D" pairings/*${ending} || { old "$D" ${startMinutes} && rm -rf "./$D"; };;`,
    'esac; done; true',
  ].join('\n');
  await shell(script, { signal });
}
