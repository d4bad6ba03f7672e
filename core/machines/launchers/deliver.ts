import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { create } from 'tar';
import type { Readable } from 'node:stream';
import { LabError } from '../../base/errors.ts';
import { engineHome, libraryFolder } from '../../install/engine-home.ts';
import { libraryStatus } from '../../install/library-status.ts';
import { releaseFor } from '../../install/release.ts';
import type { HostShell } from './host-shell.ts';
import { programArchive, programName } from './program.ts';
import { quoted } from './quoted.ts';

/** Defines the folder of all programs, pairings and logs; private to its user. */
const home = 'umask 077; K="$HOME/.ktg-lab"; mkdir -p "$K/pairings" "$K/log" || exit 1';

/** Defines the folder of TensorFlow's library, as `engineHome` does. */
const engines = 'E="${KTG_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/ktg-lab}/engine"';

const systems: Readonly<Record<string, string>> = {
  'linux-x64': 'Linux x86_64',
  'linux-arm64': 'Linux aarch64',
  'darwin-arm64': 'Darwin arm64',
  'darwin-x64': 'Darwin x86_64',
};

/** Name of an agent's files on its machine: several labs may use one machine. */
export const agentFile = (lab: string, agent: string): string => `${lab}-${agent}`;

/** Script lines that run an agent; `begin` stands before its program. */
export const agentScript = (file: string, begin = ''): string =>
  `${home}; P="$K/${programName()}"; ` +
  `${begin}"$P/bin/node" --max-semi-space-size=8 "$P/core/cli.ts" agent ` +
  `--pairing "$K/pairings/${file}.json"`;

/**
 * Brings this program and its engine to a host, unless they are there, and the pairing of an agent.
 * An interrupted delivery leaves nothing that looks complete.
 *
 * @throws LabError `machines.other-platform`, `machines.ssh-failed`
 */
export async function deliverProgram(shell: HostShell, host: string, signal: AbortSignal) {
  const name = programName();
  const probe = await shell(
    `${home}; uname -sm; test -x "$K/${name}/bin/node" && echo program; ` +
      'command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L 2>/dev/null | grep -q GPU && echo cards; true',
    { signal },
  );
  const [system = '', ...found] = probe.trim().split('\n');
  if (system !== systems[`${process.platform}-${process.arch}`])
    throw new LabError('machines.other-platform', { host, system });
  if (!found.includes('program')) await unpack(shell, `$K/${name}`, programArchive(), signal);
  await deliverEngine(shell, found.includes('cards'), signal);
}

/** Copies the pairing file of an agent to a host; it travels on standard input. */
export async function deliverPairing(
  shell: HostShell,
  file: string,
  pairing: string,
  signal: AbortSignal,
): Promise<void> {
  const target = `"$K/pairings/${file}.json"`;
  const input = await readFile(pairing, 'utf8');
  await shell(`${home}; cat > ${target}.part && mv -f ${target}.part ${target}`, { input, signal });
}

/**
 * Copies TensorFlow's library of this machine. Without one the agent computes with what the host
 * has, at worst with the portable engine.
 */
async function deliverEngine(
  shell: HostShell,
  hasCards: boolean,
  signal: AbortSignal,
): Promise<void> {
  const variant = hasCards && libraryStatus('gpu').state === 'ready' ? 'gpu' : 'cpu';
  if (libraryStatus(variant).state !== 'ready') return;
  const folder = libraryFolder(engineHome(), releaseFor(variant));
  const target = `$E/${basename(folder)}`;
  const there = await shell(`${engines}; test -f "${target}/manifest.json" && echo yes; true`, {
    signal,
  });
  if (there.trim() === 'yes') return;
  const archive = create({ cwd: folder, gzip: { level: 1 }, portable: true }, ['.']);
  await unpack(shell, target, archive as unknown as Readable, signal);
}

async function unpack(
  shell: HostShell,
  target: string,
  input: Readable,
  signal: AbortSignal,
): Promise<void> {
  const script =
    `${home}; ${engines}; T="${target}"; D="$T.part.$$"; rm -rf "$D"; mkdir -p "$D" && ` +
    'tar xzf - -C "$D" && { test -e "$T" || mv "$D" "$T"; }; S=$?; rm -rf "$D"; exit $S';
  await shell(script, { input, signal });
}

/** Last lines that an agent wrote. */
export const agentLog = (shell: HostShell, file: string): Promise<string> =>
  shell(`tail -n 200 "$HOME/.ktg-lab/log/"${quoted(file)}.log 2>/dev/null; true`);

/** Ends an agent in order and removes its pairing. */
export const endAgent = (shell: HostShell, file: string): Promise<string> =>
  shell(
    `P="$HOME/.ktg-lab/pairings/${file}.json"; ` +
      `N=$(sed -n 's/.*"pid":\\([0-9]*\\).*/\\1/p' "$P.lock" 2>/dev/null); ` +
      'test -n "$N" && kill -TERM "$N" 2>/dev/null; rm -f "$P"; true',
  );
