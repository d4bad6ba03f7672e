import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../base/errors.ts';

const run = promisify(execFile);

/** Milliseconds that the daemon gets for an answer. */
const TIMEOUT = 10_000;

const control = 'nvidia-cuda-mps-control';

/**
 * Whether several processes can compute on a card at the same time, and what their workers need for
 * it.
 */
export type Sharing = CardSharing | NoSharing;

export interface CardSharing {
  readonly shared: true;
  readonly variables: Readonly<Record<string, string>>;
  /**
   * Ends what a process computes on its card, before it is killed: one that is killed while it
   * computes may take the daemon's server along, and with it everybody else. Never rejects.
   */
  letGo(pid: number): Promise<void>;
  end(): Promise<void>;
}

export interface NoSharing {
  readonly shared: false;
  /** Without it processes take turns, which fills a card no better than one of them. */
  readonly reason: string;
}

/** Ends every reason. */
const ONE_SLOT = 'Workers of one card take turns, so one slot a card is used.';

/** For a daemon that starts, and whose server then lets nobody in. */
export const letsNobodyIn = (found: string): NoSharing => ({
  shared: false,
  reason: `Under CUDA MPS no worker gets to a card (containers often have it so): ${found} ${ONE_SLOT}`,
});

/**
 * Begins the name of a daemon's folder; behind it the process whose daemon it is. Not from
 * `userInfo`, which throws for a user without an entry in /etc/passwd, as containers have them.
 */
const prefix = `ktg-mps-${process.getuid?.() ?? -1}-`;

/**
 * Starts NVIDIA's Multi-Process Service as a daemon of this user alone, with pipes and logs in a
 * folder of its own, for the cards in `cards`. No setting of a card is touched, so no rights are
 * needed. A daemon that is there already is used and stays as it is: one that the environment
 * names, or one at the usual place, to which every process goes by itself. Daemons of labs that
 * were killed are ended first.
 *
 * @param cards UUIDs: to its clients a daemon counts the cards that it was given by number from 0
 * again
 * @param place for folders with pipes and logs; names of sockets must be short, so not below a long
 * path
 * @param usual where a daemon has its pipes that was not told otherwise (NVIDIA's documentation of
 * MPS)
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
        // Of another server, or gone.
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
    await ask('get_server_list', env); // it answers, or it has not come up
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    return { shared: false, reason: reasonOf(error) };
  }
  return {
    shared: true,
    variables,
    letGo: letGo(env),
    async end() {
      await ask('quit', env).catch(() => undefined); // it may have ended by itself
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

/**
 * A lab that was killed leaves its daemon behind, and two of them get in each other's way on a
 * card.
 */
async function endAbandoned(environment: NodeJS.ProcessEnv, place: string): Promise<void> {
  const names = await readdir(place).catch(() => []);
  for (const name of names.filter(
    (each) => each.startsWith(prefix) && !lives(Number(each.slice(prefix.length))),
  )) {
    // Gone, or not installed any more.
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
 * The daemon goes on behind the back of the program that starts it, with the same output: that is a
 * file, as a pipe would be waited for, or break under it.
 */
async function start(env: NodeJS.ProcessEnv, output: string): Promise<void> {
  const file = await open(output, 'w');
  try {
    const child = spawn(control, ['-d'], {
      env,
      stdio: ['ignore', file.fd, file.fd],
      timeout: TIMEOUT,
    });
    // Rejects when it is not there.
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    if (code !== 0)
      throw Object.assign(new Error(`exit status ${code}`), {
        stderr: await readFile(output, 'utf8'),
        killed: signal !== null,
      });
  } finally {
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
