/**
 * Stands in for Electron, which tests have no binary of: every object remembers what it was told,
 * and events are raised by the test. Only what electron/ uses is here; another use fails as
 * unknown.
 */
import { EventEmitter } from 'node:events';
import { mkdirSync } from 'node:fs';
import { MessageChannel, type MessagePort } from 'node:worker_threads';

type Handler = (...given: never[]) => unknown;

class FakeApp extends EventEmitter {
  isPackaged = false;
  lock = true;
  quits = 0;
  sandboxed = false;
  relaunches: unknown[] = [];
  folder = '';
  readonly switches = new Set<string>();
  readonly commandLine = { hasSwitch: (name: string) => this.switches.has(name) };
  /** What a start has sent to the first one. */
  sent: unknown = null;
  requestSingleInstanceLock = (sent: unknown): boolean => {
    this.sent = sent;
    mkdirSync(this.getPath('userData'), { recursive: true });
    return this.lock;
  };
  ready = false;
  isReady = (): boolean => this.ready;
  whenReady = (): Promise<void> => {
    this.ready = true;
    return Promise.resolve();
  };
  /** As in Electron, also the switch that turns the sandbox off is gone then. */
  enableSandbox = (): void => {
    this.sandboxed = true;
    this.switches.delete('no-sandbox');
  };
  /** Each with its program and arguments. */
  readonly schemes: unknown[][] = [];
  setAsDefaultProtocolClient = (...given: unknown[]): boolean => this.schemes.push(given) > 0;
  /** Where the app keeps its own state, once it says so. */
  userData: string | null = null;
  getPath = (name: string): string =>
    name === 'userData' ? (this.userData ?? this.folder) : this.folder;
  setPath = (_name: 'userData', folder: string): void => void (this.userData = folder);
  quit = (): void => void this.quits++;
  exit = (): void => void this.quits++;
  relaunch = (options?: unknown): void => void this.relaunches.push(options);
}
export const app = new FakeApp();

export const protocol = {
  privileged: [] as unknown[],
  handlers: new Map<string, (request: { url: string; method: string }) => Promise<Response>>(),
  registerSchemesAsPrivileged: (schemes: unknown[]): void =>
    void protocol.privileged.push(...schemes),
  handle: (scheme: string, handler: never): void => void protocol.handlers.set(scheme, handler),
};

export class FakeSession extends EventEmitter {
  request: Handler | null = null;
  check: Handler | null = null;
  device: Handler | null = null;
  before: Handler | null = null;
  readonly webRequest = { onBeforeRequest: (handler: Handler) => void (this.before = handler) };
  setPermissionRequestHandler = (handler: Handler): void => void (this.request = handler);
  setPermissionCheckHandler = (handler: Handler): void => void (this.check = handler);
  setDevicePermissionHandler = (handler: Handler): void => void (this.device = handler);
}
export const session = { defaultSession: new FakeSession() };

export const clipboard = {
  text: '',
  writeText: (text: string): void => void (clipboard.text = text),
};

export const shell = {
  opened: [] as string[],
  openExternal: (address: string): Promise<void> =>
    Promise.resolve(void shell.opened.push(address)),
  shown: [] as string[],
  showItemInFolder: (path: string): void => void shell.shown.push(path),
};

/** What waits for the main loop's next turn. */
const waiting: (() => void)[] = [];
const realInterval = globalThis.setInterval;
globalThis.setInterval = ((turn: (...given: unknown[]) => void, ...rest: unknown[]) =>
  (realInterval as (...given: unknown[]) => NodeJS.Timeout)(
    (...given: unknown[]) => {
      for (const hear of waiting.splice(0)) hear();
      turn(...given);
    },
    ...rest,
  )) as typeof setInterval;

/**
 * As in Electron 33 on Linux: without a window, an answer is heard only when an interval turns the
 * main loop.
 */
const heard = (window: unknown): Promise<void> =>
  window instanceof BrowserWindow
    ? Promise.resolve()
    : new Promise((resolve) => waiting.push(resolve));

/** Options of a dialog, as far as tests look at them. */
interface Asked {
  title?: string;
  message?: string;
  detail?: string;
  properties?: string[];
}

export const dialog = {
  asked: [] as Asked[],
  /** File dialogs that were shown. */
  named: [] as Asked[],
  errors: [] as string[],
  response: 0,
  showMessageBox: async (...given: unknown[]): Promise<{ response: number }> => {
    dialog.asked.push(given.at(-1) as object);
    await heard(given[0]);
    return { response: dialog.responses.shift() ?? dialog.response };
  },
  /**
   * What the user answers to questions and file dialogs, in their order; then `response`, and no
   * file.
   */
  responses: [] as number[],
  files: [] as string[],
  showOpenDialog: async (...given: unknown[]): Promise<{ filePaths: string[] }> => {
    dialog.named.push(given.at(-1) as object);
    await heard(given[0]);
    return { filePaths: dialog.files.splice(0, 1) };
  },
  showSaveDialog: async (...given: unknown[]): Promise<{ filePath: string }> => {
    dialog.named.push(given.at(-1) as object);
    await heard(given[0]);
    return { filePath: dialog.files.shift() ?? '' };
  },
  showErrorBox: (title: string, text: string): void => void dialog.errors.push(`${title}: ${text}`),
};

export class FakeContents extends EventEmitter {
  static #ids = 0;
  readonly id = ++FakeContents.#ids;
  address = '';
  openHandler: ((details: { url: string }) => unknown) | null = null;
  /** Every address that was loaded. */
  readonly loaded: string[] = [];
  steps = 0;
  readonly navigationHistory = {
    goBack: (): void => void this.steps--,
    goForward: (): void => void this.steps++,
  };
  getURL = (): string => this.address;
  setWindowOpenHandler = (handler: never): void => void (this.openHandler = handler);
}

export class BrowserWindow extends EventEmitter {
  static readonly made: BrowserWindow[] = [];
  readonly webContents = new FakeContents();
  readonly options: { webPreferences: Record<string, unknown> };
  shown = 0;
  destroyed = false;
  constructor(options: { webPreferences: Record<string, unknown> }) {
    super();
    this.options = options;
    BrowserWindow.made.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }
  loadURL = (address: string): Promise<void> => {
    this.webContents.loaded.push(address);
    this.webContents.address = address;
    this.webContents.emit('did-navigate', {}, address);
    return Promise.resolve();
  };
  show = (): void => void this.shown++;
  hide = (): void => undefined;
  focus = (): void => undefined;
  isFocused = (): boolean => false;
  isMinimized = (): boolean => false;
  maximized = false;
  isMaximized = (): boolean => this.maximized;
  maximize = (): void => {
    this.maximized = true;
    // As on X11, where a window that opens maximized has had no other bounds.
    if (this.shown === 0) this.normal = { x: 0, y: 0, width: 1920, height: 1080 };
  };
  normal = { x: 10, y: 20, width: 900, height: 700 };
  isDestroyed = (): boolean => this.destroyed;
  getNormalBounds = (): object => this.normal;
  destroy = (): void => {
    this.destroyed = true;
    this.emit('closed');
  };
}

export const screen = {
  getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }],
};
/** An item of the menu, as it is told to Electron. */
export interface Item {
  label?: string;
  accelerator?: string;
  role?: string;
  submenu?: Item[];
  click?: () => void;
  visible?: boolean;
}
export const Menu = {
  items: [] as Item[],
  setApplicationMenu: (items: Item[]): void => void (Menu.items = items),
  buildFromTemplate: (items: unknown) => items,
};
export const powerMonitor = new EventEmitter();
export const powerSaveBlocker = {
  active: new Set<number>(),
  start: (): number => {
    powerSaveBlocker.active.add(7);
    return 7;
  },
  stop: (id: number): void => void powerSaveBlocker.active.delete(id),
};

export class Notification extends EventEmitter {
  static readonly shown: Notification[] = [];
  static isSupported = (): boolean => true;
  readonly options: { title: string; body: string };
  constructor(options: { title: string; body: string }) {
    super();
    this.options = options;
  }
  show = (): void => void Notification.shown.push(this);
}

export const ipcMain = new EventEmitter();
export const ipcRenderer = Object.assign(new EventEmitter(), {
  sent: [] as unknown[][],
  send: (...given: unknown[]): void => void ipcRenderer.sent.push(given),
});

/** Node's ports behave as Electron's do; those of the main process are emitters there and here. */
export class MessageChannelMain {
  readonly port1: MessagePort;
  readonly port2: MessagePort;
  constructor() {
    const { port1, port2 } = new MessageChannel();
    // Electron wraps what comes as an event of a page does.
    const on = port1.on.bind(port1);
    port1.on = ((name: string, listener: (event: unknown) => void) =>
      on(
        name as 'message',
        name === 'message'
          ? (data: unknown) => {
              listener({ data });
            }
          : listener,
      )) as never;
    this.port1 = port1;
    this.port2 = port2;
  }
}
