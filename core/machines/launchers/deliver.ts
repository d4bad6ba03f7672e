import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { create } from 'tar';
import type { Readable } from 'node:stream';
import { LabError, problem } from '../../base/errors.ts';
import type { LabProblem } from '../../base/problem.ts';
import { engineHome, libraryFolder } from '../../install/engine-home.ts';
import { libraryStatus } from '../../install/library-status.ts';
import { releaseFor, type Variant } from '../../install/release.ts';
import type { HostShell } from './host-shell.ts';
import { removeOldPrograms } from './old-programs.ts';
import { programArchive, programName } from './program.ts';
import { quoted } from './quoted.ts';

/** Defines the folder of all programs, pairings and logs; private to its user. */
const home = 'umask 077; K="$HOME/.ktg-lab"; mkdir -p "$K/pairings" "$K/log" || exit 1';

/** What a host answers that has installed TensorFlow. */
const installed = 'installed';

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
  `${home}; P="$K/${programName()}"; touch "$P"; ` +
  `${begin}"$P/bin/node" --max-semi-space-size=8 "$P/core/cli.ts" agent ` +
  `--pairing "$K/pairings/${file}.json"`;

/** Script that lets other machines reach a port of the loopback of a host at one of its addresses. */
export const relayScript = (address: string, port: number): string =>
  `${home}; P="$K/${programName()}"; ` +
  `exec "$P/bin/node" "$P/core/machines/launchers/relay.ts" ${quoted(address)} ${port}`;

/**
 * Brings this program and its engine to a host, unless they are there, and removes programs there
 * that no agent uses. An interrupted delivery leaves nothing that looks complete.
 *
 * @param host null for this machine
 * @returns why the agent computes with the portable engine; null when TensorFlow is there
 * @throws LabError `machines.other-platform`, `machines.ssh-failed`
 */
export async function deliverProgram(
  shell: HostShell,
  host: string | null,
  signal: AbortSignal,
): Promise<LabProblem | null> {
  const name = programName();
  const probe = await shell(
    `${home}; uname -sm; test -x "$K/${name}/bin/node" && echo program; ` +
      'nvidia-smi -L 2>/dev/null | grep -q GPU && echo cards; true',
    { signal },
  );
  const [system = '', ...found] = probe.trim().split('\n');
  if (system !== systems[`${process.platform}-${process.arch}`])
    throw new LabError('machines.other-platform', { host: host ?? 'This machine', system });
  if (!found.includes('program')) await unpack(shell, `$K/${name}`, programArchive(), signal);
  await removeOldPrograms(shell, { home, present: name, signal });
  return bringEngine(shell, { host, hasCards: found.includes('cards'), signal });
}

/**
 * Copies the pairing file of an agent to a host; it travels on standard input. An agent with another
 * pairing ends first: the lab does not let it in any more.
 */
export async function deliverPairing(
  shell: HostShell,
  file: string,
  pairing: string,
  signal: AbortSignal,
): Promise<void> {
  const target = `"$K/pairings/${file}.json"`;
  const input = await readFile(pairing, 'utf8');
  const endOther =
    `cmp -s ${target}.part ${target} || { ${findAgent(file)}; test -z "$N" || { kill -TERM "$N"; ` +
    'for i in 1 2 3 4 5; do kill -0 "$N" || break; sleep 1; done; kill -KILL "$N"; } 2>/dev/null; }';
  const script = `cat > ${target}.part || exit 1; ${endOther}; mv -f ${target}.part ${target}`;
  await shell(`${home}; ${script}`, { input, signal });
}

/**
 * Copies TensorFlow's library of this machine, or lets a host that has none install it as
 * `ktg engine install` does. Where neither works the agent computes with the portable engine.
 */
async function bringEngine(
  shell: HostShell,
  { host, hasCards, signal }: { host: string | null; hasCards: boolean; signal: AbortSignal },
): Promise<LabProblem | null> {
  const wanted = hasCards ? 'gpu' : 'cpu';
  if (await deliverEngine(shell, wanted, signal)) return null;
  if (host === null) return null; // a person has decided about this machine
  const log = '"$K/log/engine-install.log"';
  const text = await shell(
    `${home}; P="$K/${programName()}"; "$P/bin/node" "$P/core/cli.ts" engine install ${wanted} ` +
      `>${log} 2>&1 && echo ${installed} || tail -n 3 ${log}`,
    { signal },
  );
  if (text.trim() === installed) return null;
  const words = text.trim().replaceAll(/\s+/g, ' ').slice(0, 400);
  if (hasCards && (await deliverEngine(shell, 'cpu', signal)))
    return problem('machines.no-card-engine', { host, words });
  return problem('machines.no-engine', { host, words, variant: wanted });
}

/** Returns whether the library is on the host now: it was there, or this machine had it. */
async function deliverEngine(
  shell: HostShell,
  variant: Variant,
  signal: AbortSignal,
): Promise<boolean> {
  const status = libraryStatus(variant);
  if (status.state === 'unsupported') return false;
  const folder = libraryFolder(engineHome(), releaseFor(variant));
  const target = `$E/${basename(folder)}`;
  const there = await shell(`${engines}; test -f "${target}/manifest.json" && echo yes; true`, {
    signal,
  });
  if (there.trim() === 'yes') return true;
  if (status.state !== 'ready') return false;
  const archive = create({ cwd: folder, gzip: { level: 1 }, portable: true }, ['.']);
  await unpack(shell, target, archive as unknown as Readable, signal);
  return true;
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

/** Script that finds the process of an agent, `N`; '' when it does not run. */
const findAgent = (file: string): string =>
  `P="$HOME/.ktg-lab/pairings/${file}.json"; ` +
  `N=$(sed -n 's/.*"pid":\\([0-9]*\\).*/\\1/p' "$P.lock" 2>/dev/null); ` +
  // A process may have got the number of an agent that is gone.
  `{ tr '\\0' ' ' <"/proc/$N/cmdline" || ps -o args= -p "$N"; } 2>/dev/null | grep -qF "$P" || N=`;

/** Ends an agent in order and removes its pairing. */
export const endAgent = (shell: HostShell, file: string): Promise<string> =>
  shell(
    `${findAgent(file)}; test -n "$N" && kill -TERM "$N" 2>/dev/null; ` +
      'rm -f "$P" "${P%.json}.program"; true',
  );
