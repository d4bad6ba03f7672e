/**
 * The state of the lab that views share, kept up to date by events. Large state is raw: a change is
 * a new value. After a lost connection the missed events are delivered first; when the lab no longer
 * has some of them, everything is read again.
 *
 * Longer than 300 lines: state, requests and events share one connection and one sequence number.
 */
import { createContext } from 'svelte';
import type { Step } from '../../core/base/actions.ts';
import { LabError, problemOf } from '../../core/base/errors.ts';
import { stepsOf } from '../../core/base/problem.ts';
import type {
  DataDecoding,
  DataSetView,
  EngineView,
  LabApi,
  LabEvent,
  LabProblem,
  LabStatus,
  LogEntry,
  MachineView,
  PretrainedView,
  RequestInput,
  RequestName,
  RequestOutput,
  RerunView,
  SavedGraph,
  Settings,
  SlotView,
  StudyCard,
  StudyPlan,
  TeacherImport,
} from '../../core/lab/api.ts';
import { TOPICS } from '../../core/lab/api.ts';
import { keepConnected, type ConnectionState, type Dial } from './connection.ts';

const RECENT_LOG = 500;

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly steps: readonly Step[];
  readonly bad: boolean;
}

/** A study before it is created. */
export interface StudyDraft {
  /** Of the page where it was begun. */
  readonly address: string;
  readonly plan: StudyPlan;
  readonly name: string;
  readonly notes: string;
  /** The preset that the plan is; null where something of it was changed. */
  readonly preset: string | null;
}

/** A file on its way to or from the lab. */
export interface Transfer {
  readonly id: number;
  readonly words: string;
  /** 0..1; null while the lab works on it. */
  readonly share: number | null;
  stop(): void;
}

const replaced = <T>(list: readonly T[], item: T, same: (other: T) => boolean): T[] => {
  const at = list.findIndex(same);
  return at < 0 ? [...list, item] : list.with(at, item);
};

export class Lab {
  connection = $state<ConnectionState>('connecting');
  /** Whether everything below has been read. */
  ready = $state(false);
  /** Why the lab cannot be reached or read. */
  problem = $state.raw<LabProblem | null>(null);
  status = $state.raw<LabStatus | null>(null);
  cards = $state.raw<readonly StudyCard[]>([]);
  slots = $state.raw<readonly SlotView[]>([]);
  engine = $state.raw<EngineView | null>(null);
  machines = $state.raw<readonly MachineView[]>([]);
  dataSets = $state.raw<readonly DataSetView[]>([]);
  /** A folder of images that is being decoded; null for none. */
  decoding = $state.raw<DataDecoding | null>(null);
  /** Weights of PyTorch that are being measured; null for none. */
  teacher = $state.raw<TeacherImport | null>(null);
  reruns = $state.raw<readonly RerunView[]>([]);
  pretrained = $state.raw<readonly PretrainedView[]>([]);
  graphs = $state.raw<readonly SavedGraph[]>([]);
  settings = $state.raw<Settings | null>(null);
  /** The recent ones, newest first. */
  log = $state.raw<readonly LogEntry[]>([]);
  toasts = $state.raw<readonly Toast[]>([]);
  /** Studies that were removed while the page is open. */
  removed = $state.raw<readonly number[]>([]);
  /** The new study that a person began and left. */
  draft = $state.raw<StudyDraft | null>(null);
  transfers = $state.raw<readonly Transfer[]>([]);
  /** Grows when views must read their data again. */
  epoch = $state(0);

  #api: LabApi | null = null;
  #sequence = 0;
  #ids = 0;
  #listeners = new Set<(event: LabEvent) => void>();
  /** Events that arrive while everything is being read: obeyed after it, in order. */
  #held: LabEvent[] | null = null;

  /** Returns its undo. */
  connect(dial: Dial): () => void {
    return keepConnected(dial, {
      state: (state) => {
        this.connection = state;
        if (state !== 'open') this.#api = null;
      },
      open: (api) => this.#open(api),
      failed: (thrown) => (this.problem = problemOf(thrown, 'app.unexpected')),
    });
  }

  /** Rejects with a LabError; `lab.unreachable` while there is no connection. */
  async request<Name extends RequestName>(
    name: Name,
    input: RequestInput<Name>,
    signal?: AbortSignal,
  ): Promise<RequestOutput<Name>> {
    if (!this.#api) {
      throw new LabError('lab.unreachable/lost');
    }
    return this.#api.request(name, input, signal ? { signal } : {});
  }

  /**
   * Does something on a click: what goes wrong becomes a message, unless the user stopped it, and
   * the result is null.
   */
  async attempt<T>(work: () => Promise<T>, done = ''): Promise<T | null> {
    try {
      const result = await work();
      if (done) this.say(done);
      return result;
    } catch (thrown) {
      if (thrown instanceof DOMException && thrown.name === 'AbortError') return null;
      const problem = problemOf(thrown, 'app.unexpected');
      this.say(problem.message, stepsOf(problem), true);
      return null;
    }
  }

  /**
   * Shows the progress of long work with a button that aborts its signal.
   *
   * @param work calls `tell` with its share, and with other words when another step begins
   */
  async transfer<T>(
    words: string,
    work: (tell: (share: number | null, words?: string) => void, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const abort = new AbortController();
    const id = ++this.#ids;
    const stop = (): void => abort.abort();
    this.transfers = [...this.transfers, { id, words, share: 0, stop }];
    try {
      return await work((share, other) => {
        this.transfers = this.transfers.map((each) =>
          each.id === id ? { ...each, share, words: other ?? each.words } : each,
        );
      }, abort.signal);
    } finally {
      this.transfers = this.transfers.filter((each) => each.id !== id);
    }
  }

  /** Every event from now on; returns its undo. */
  listen(listener: (event: LabEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Shows a message; the same one that is still shown goes. */
  say(text: string, next: string | readonly Step[] = [], bad = false): void {
    const steps = typeof next === 'string' ? [next] : next;
    const others = this.toasts.filter((toast) => toast.text !== text);
    this.toasts = [...others.slice(-3), { id: ++this.#ids, text, steps, bad }];
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  /** Whether the log says it, too: then it leads somewhere to open it. */
  isLogged(message: string): boolean {
    return this.log.some(({ text }) => text.includes(message));
  }

  /** Closes the note about what was running at an unexpected end, until the next one. */
  forgetInterrupted(): void {
    if (this.status) this.status = { ...this.status, interrupted: [] };
  }

  /** Closes the messages about what went wrong. */
  forgetTroubles(): void {
    this.toasts = this.toasts.filter(({ bad }) => !bad);
  }

  /** Changes settings; what views remember is merged by name. False when the lab refuses. */
  async set(change: Partial<Settings>): Promise<boolean> {
    const settings = await this.attempt(() => this.request('settings.set', change));
    if (settings) this.settings = settings;
    return settings !== null;
  }

  /** Goes on after the last event seen, or reads everything when the lab is another one. */
  async #open(api: LabApi): Promise<void> {
    const status = await api.request('lab.status', {});
    const known = this.ready && status.sequence >= this.#sequence;
    if (!known) this.#sequence = status.sequence;
    if (!known) this.#held = [];
    api.subscribe(TOPICS, (event) => this.#receive(event, api), this.#sequence);
    if (known) this.status = status;
    else await this.#readAll(api, status);
    this.#api = api;
    this.problem = null;
    this.ready = true;
    if (!known) this.epoch++;
  }

  async #readAll(api: LabApi, status: LabStatus): Promise<void> {
    this.#held ??= [];
    const [cards, data, reruns, pretrained, graphs, settings, log, machines] = await Promise.all([
      api.request('studies.list', {}),
      api.request('data.list', {}),
      api.request('reruns.list', {}),
      api.request('pretrained.list', {}),
      api.request('graphs.list', {}),
      api.request('settings.get', {}),
      api.request('log.read', { limit: RECENT_LOG }),
      api.request('machines.list', {}),
    ]);
    this.status = status;
    this.engine = status.engine;
    this.slots = status.slots;
    this.cards = cards;
    this.removed = [];
    this.dataSets = data;
    this.reruns = reruns;
    this.pretrained = pretrained;
    this.graphs = graphs;
    this.settings = settings;
    this.log = log;
    this.machines = machines;
    const held = this.#held;
    this.#held = null;
    for (const event of held) this.#receive(event, api);
  }

  #receive(event: LabEvent, api: LabApi): void {
    this.#sequence = Math.max(this.#sequence, event.sequence);
    if (this.#held) {
      this.#held.push(event);
      return;
    }
    if (event.type === 'missed') {
      void this.#reread(api);
      return;
    }
    this.#apply(event);
    for (const listener of this.#listeners) listener(event);
  }

  async #reread(api: LabApi): Promise<void> {
    await this.attempt(async () => this.#readAll(api, await api.request('lab.status', {})));
    this.epoch++;
  }

  #apply(event: LabEvent): void {
    switch (event.type) {
      case 'study':
        this.cards = replaced(
          this.cards,
          event.card,
          (card) => card.study.id === event.card.study.id,
        );
        break;
      case 'study-removed':
        this.cards = this.cards.filter((card) => card.study.id !== event.study);
        this.removed = [...this.removed, event.study];
        break;
      case 'trouble':
        if (this.status) this.status = { ...this.status, trouble: event.problem };
        break;
      case 'slots':
        this.slots = event.slots;
        break;
      case 'rerun':
        this.reruns = replaced(
          this.reruns,
          event.rerun,
          (view) => view.rerun.id === event.rerun.rerun.id,
        );
        break;
      case 'rerun-removed':
        this.reruns = this.reruns.filter((view) => view.rerun.id !== event.rerun);
        break;
      case 'pretrained':
        this.pretrained = event.pretrained;
        break;
      case 'teacher-import':
        this.teacher = event.teacher.step === null ? null : event.teacher;
        break;
      case 'data-decoding':
        this.decoding = event.decoding.total === 0 ? null : event.decoding;
        break;
      case 'graphs':
        this.graphs = event.graphs;
        break;
      case 'data':
        this.dataSets = replaced(
          this.dataSets,
          event.data,
          (data) => data.name === event.data.name,
        );
        break;
      case 'engine':
        this.engine = event.engine;
        break;
      case 'machines':
        this.machines = event.machines;
        break;
      case 'log':
        this.log = [...event.entries.toSorted((a, b) => b.id - a.id), ...this.log].slice(
          0,
          RECENT_LOG,
        );
        break;
    }
  }
}

export const [useLab, provideLab] = createContext<Lab>();
