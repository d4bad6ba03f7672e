import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../base/errors.ts';

const run = promisify(execFile);

/** Milliseconds to wait for the daemon's answer. */
const TIMEOUT = 10_000;

const control = 'nvidia-cuda-mps-control';

/** Whether several processes can compute on a card at once, and the needs of their workers. */
export type Sharing = CardSharing | NoSharing;

export interface CardSharing {
  readonly shared: true;
  readonly variables: Readonly<Record<string, string>>;
  /**
   * Ends a process's work on its card before the process is killed: a kill during computation may
   * end the daemon's server, and with it all other clients. Never rejects.
   */
  letGo(pid: number): Promise<void>;
  end(): Promise<void>;
}

export interface NoSharing {
  readonly shared: false;
  /** Without MPS, processes take turns, which uses a card no better than one process. */
  readonly reason: string;
}

/** The last sentence of every reason. */
const ONE_SLOT = 'Workers of one card cannot compute at the same time, so each card has one slot.';

/** Result for a daemon that starts but whose server accepts no client. */
export const letsNobodyIn = (found: string): NoSharing => ({
  shared: false,
  reason: `Under CUDA MPS no worker can use a card (common in containers): ${found} ${ONE_SLOT}`,
});

/**
 * First part of the name of a daemon's folder; the id of its process follows. `userInfo` would
 * throw for a user without an entry in /etc/passwd, which is common in containers.
 */
const prefix = `ktg-mps-${process.getuid?.() ?? -1}-`;

/**
 * Starts NVIDIA's Multi-Process Service as a daemon of this user, with pipes and logs in its own
 * folder, for the cards in `cards`. It changes no setting of a card, so it needs no rights. A
 * running daemon is used unchanged: the one that the environment names, or the one at the usual
 * place, which every process uses by default. Daemons of killed labs are ended first.
 *
 * @param cards UUIDs: a daemon numbers its cards from 0 for its clients
 * @param place parent of folders with pipes and logs; short, because names of sockets are limited
 * @param usual folder of a daemon's pipes by default (NVIDIA's documentation of MPS)
 */
export async function shareCards(
  cards: readonly string[],
  environment: Record<string, string | undefined> = process.env,
  place: string = tmpdir(),
  usual = '/tmp/nvidia-mps',
): Promise<Sharing> {
  const letGo =
    (env: NodeJS.ProcessEnv) =>
    async (pid: number): Promise<void> => {
      const servers = await ask('get_server_list', env).catch(() => '');
      for (const server of servers.match(/\d+/g) ?? [])
        // The process may belong to another server, or have ended.
        await ask(`terminate_client ${server} ${pid}`, env).catch(() => undefined);
    };
  const isThere =
    environment.CUDA_MPS_PIPE_DIRECTORY !== undefined ||
    (existsSync(join(usual, 'control')) && (await answers(environment)));
  if (isThere)
    return { shared: true, variables: {}, letGo: letGo(environment), end: () => Promise.resolve() };
  await endAbandoned(environment, place);
  const folder = join(place, `${prefix}${process.pid}`);
  const variables = variablesOf(folder);
  const env = { ...environment, ...variables, CUDA_VISIBLE_DEVICES: cards.join(',') };
  try {
    for (const path of Object.values(variables))
      await mkdir(path, { recursive: true, mode: 0o700 });
    await start(env, join(folder, 'start'));
    await ask('get_server_list', env); // an answer means that the daemon runs
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    return { shared: false, reason: reasonOf(error) };
  }
  return {
    shared: true,
    variables,
    letGo: letGo(env),
    async end() {
      await ask('quit', env).catch(() => undefined); // it may have ended already
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const variablesOf = (folder: string) => ({
  CUDA_MPS_PIPE_DIRECTORY: join(folder, 'pipe'),
  CUDA_MPS_LOG_DIRECTORY: join(folder, 'log'),
});

const answers = (env: NodeJS.ProcessEnv): Promise<boolean> =>
  ask('get_server_list', env).then(
    () => true,
    () => false,
  );

/** Ends daemons of killed labs: two daemons disturb each other on a card. */
async function endAbandoned(environment: NodeJS.ProcessEnv, place: string): Promise<void> {
  const names = await readdir(place).catch(() => []);
  for (const name of names.filter(
    (each) => each.startsWith(prefix) && !lives(Number(each.slice(prefix.length))),
  )) {
    // The daemon may have ended, or MPS may be uninstalled.
    await ask('quit', { ...environment, ...variablesOf(join(place, name)) }).catch(() => undefined);
    await rm(join(place, name), { recursive: true, force: true });
  }
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/**
 * The daemon keeps running after the program that starts it, with the same output. The output is a
 * file: a pipe would block this process, or break.
 */
async function start(env: NodeJS.ProcessEnv, output: string): Promise<void> {
  const file = await open(output, 'w');
  let timer: NodeJS.Timeout | undefined;
  try {
    const child = spawn(control, ['-d'], { env, stdio: ['ignore', file.fd, file.fd] });
    // The option `timeout` of spawn would keep this process for its time if the program is missing.
    timer = setTimeout(() => child.kill(), TIMEOUT);
    // Rejects when the program is missing.
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    if (code !== 0)
      throw Object.assign(new Error(`exit status ${code}`), {
        stderr: await readFile(output, 'utf8'),
        killed: signal !== null,
      });
  } finally {
    clearTimeout(timer);
    await file.close();
  }
}

function ask(command: string, env: NodeJS.ProcessEnv): Promise<string> {
  const call = run(control, [], { env, timeout: TIMEOUT });
  call.child.stdin?.on('error', () => undefined).end(`${command}\n`);
  return call.then(({ stdout }) => stdout);
}

function reasonOf(error: unknown): string {
  const {
    code,
    stderr = '',
    killed,
  } = error as { code?: unknown; stderr?: string; killed?: boolean };
  if (code === 'ENOENT')
    return `${control} is not installed (it comes with NVIDIA's driver; containers often lack it). ${ONE_SLOT}`;
  if (killed === true) return `${control} did not answer within ${TIMEOUT / 1000} s. ${ONE_SLOT}`;
  const words = stderr.trim().split('\n')[0] ?? '';
  return `${control} does not start: ${words === '' ? messageOf(error).split('\n')[0]! : words} ${ONE_SLOT}`;
}
