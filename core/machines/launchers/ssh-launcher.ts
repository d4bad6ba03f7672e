import { LabError, problemOf } from '../../base/errors.ts';
import type { Machine, SshLauncher } from '../../study/machine.ts';
import {
  agentFile,
  agentLog,
  agentScript,
  deliverPairing,
  deliverProgram,
  endAgent,
} from './deliver.ts';
import { shellOf } from './host-shell.ts';
import type { LaunchContext, Launcher, LaunchState } from './launcher.ts';
import { Tunnel } from './ssh.ts';

/** Milliseconds between two tries to start an agent on a host that cannot be reached. */
const retryMs = 60_000;

/**
 * One agent on a server, started over ssh and detached: it outlives the call and the lab. The way
 * back is a tunnel to the broker, which is made again whenever it ends.
 */
export class SshAgent implements Launcher {
  readonly #host: string;
  readonly #file: string;
  readonly #agent: string;
  readonly #context: LaunchContext;
  readonly #tunnel: Tunnel;
  readonly #closing = new AbortController();
  #state: LaunchState = { step: 'starting', problem: null, jobs: [] };
  #work: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;

  constructor({ id }: Machine, { host, port }: SshLauncher, context: LaunchContext) {
    this.#host = host;
    this.#agent = id;
    this.#file = agentFile(context.lab, id);
    this.#context = context;
    this.#tunnel = new Tunnel(host, `127.0.0.1:${port}`, context.brokerPort, () => {
      context.changed();
    });
  }

  start(): void {
    this.#work ??= this.#launch().finally(() => {
      this.#work = null;
    });
  }

  state(): LaunchState {
    const down = this.#tunnel.problem;
    // Of an agent that was started, only its engine may be short; a cut matters more.
    const isCut = down !== null && this.#state.step !== 'failed';
    return { ...this.#state, problem: isCut ? problemOf(down) : this.#state.problem };
  }

  async end(): Promise<void> {
    await this.close();
    await endAgent(shellOf(this.#host), this.#file).catch((error: unknown) => {
      // A host that is gone keeps an agent whose key opens nothing any more.
      if (!(error instanceof LabError)) throw error;
    });
  }

  log(): Promise<string> {
    return agentLog(shellOf(this.#host), this.#file);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#retry) clearTimeout(this.#retry);
    await Promise.all([this.#work, this.#tunnel.close()]);
  }

  async #launch(): Promise<void> {
    if (this.#retry) clearTimeout(this.#retry);
    const { signal } = this.#closing;
    const shell = shellOf(this.#host);
    try {
      this.#set({ step: 'delivering', problem: null, jobs: [] });
      const problem = await deliverProgram(shell, this.#host, signal);
      await deliverPairing(shell, this.#file, this.#context.pairing(this.#agent), signal);
      this.#set({ step: 'starting', problem: null, jobs: [] });
      const detached = 'S=; command -v setsid >/dev/null && S=setsid; nohup $S ';
      const log = `>>"$K/log/${this.#file}.log" 2>&1 </dev/null &`;
      await shell(`${agentScript(this.#file, detached)} ${log}`, { signal });
      this.#set({ step: 'started', problem, jobs: [] });
    } catch (error) {
      if (signal.aborted) return;
      this.#set({ step: 'failed', problem: problemOf(error), jobs: [] });
      this.#retry = setTimeout(() => {
        this.start();
      }, retryMs);
    }
  }

  #set(state: LaunchState): void {
    this.#state = state;
    this.#context.changed();
  }
}
