import { BrowserWindow, screen } from 'electron';
import { inBackground } from '../core/base/in-background.ts';
import { ask } from './dialogs.ts';
import { isOurs, ORIGIN, START } from './protocol.ts';
import { lockedDown } from './security.ts';
import { type Area, keepState, placeWindow, readState, SMALLEST } from './window-state.ts';

/** A second crash within this many milliseconds asks the user before it reloads the page. */
const CRASH_SPAN = 60_000;
const MAX_CRASHES = 3;

export interface WindowOptions {
  preload: string;
  /** File of the window's saved position. */
  stateFile: string;
  icon: string;
  /** Called before the window closes; false keeps it open. */
  mayClose: () => boolean;
  /**
   * Called when the user logs off or the machine shuts down (Windows); the system waits for the
   * app.
   */
  onSessionEnd: () => void;
}

/**
 * The app's only window. A crash of its page does no harm: the lab is in another process, and a new
 * page connects to it again.
 */
export class LabWindow {
  readonly #options: WindowOptions;
  #window: BrowserWindow | null = null;
  /**
   * Normal bounds before a maximized start, where X11 reports the whole screen; null: Electron
   * knows them.
   */
  #normal: Area | null = null;
  #crashes: number[] = [];

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  /**
   * Opens the window or brings it to the front, and opens a place of the app such as `studies/3`.
   */
  show(place?: string): void {
    if (this.#window) {
      if (this.#window.isMinimized()) this.#window.restore();
      this.#window.show();
      this.#window.focus();
      // Loading the present place again would reset its editor's undo history.
      if (place !== undefined && place !== this.place) load(this.#window, place);
    } else {
      this.#open(place);
    }
  }

  /** Returns the present place; '' at the start. */
  get place(): string {
    return this.#window ? placeOf(this.#window.webContents.getURL()) : '';
  }

  back(): void {
    this.#window?.webContents.navigationHistory.goBack();
  }

  forward(): void {
    this.#window?.webContents.navigationHistory.goForward();
  }

  /** Parent of dialogs. */
  get native(): BrowserWindow | null {
    return this.#window;
  }

  get focused(): boolean {
    return this.#window?.isFocused() ?? false;
  }

  /** True when these web contents belong to the window. */
  holds(contents: number): boolean {
    return this.#window?.webContents.id === contents;
  }

  #open(place: string | undefined): void {
    const { preload, stateFile, icon, mayClose, onSessionEnd } = this.#options;
    const state = readState(stateFile);
    const window = new BrowserWindow({
      ...placeWindow(
        state,
        screen.getAllDisplays().map(({ workArea }) => workArea),
      ),
      minWidth: SMALLEST.width,
      minHeight: SMALLEST.height,
      title: 'KTG lab',
      icon,
      show: false,
      webPreferences: lockedDown(preload),
    });
    this.#window = window;
    this.#normal = state?.maximized ? state : null;
    if (state?.maximized) window.maximize();
    window.once('ready-to-show', () => {
      window.show();
    });
    window.on('unmaximize', () => {
      this.#normal = null;
    });
    window.on('close', (event) => {
      this.#keepState(window);
      if (!mayClose()) event.preventDefault();
    });
    window.on('query-session-end', (event) => {
      event.preventDefault(); // time to save
      onSessionEnd();
    });
    window.on('closed', () => {
      if (this.#window === window) this.#window = null;
    });
    window.webContents.on('render-process-gone', (_event, { reason }) => {
      if (reason !== 'clean-exit') inBackground(this.#recover(window, reason));
    });
    window.on('unresponsive', () => inBackground(this.#wait(window)));
    holdPage(window);
    load(window, place ?? '');
  }

  #keepState(window: BrowserWindow): void {
    const { x, y, width, height } = this.#normal ?? window.getNormalBounds();
    keepState(this.#options.stateFile, { x, y, width, height, maximized: window.isMaximized() });
  }

  async #recover(window: BrowserWindow, reason: string): Promise<void> {
    const now = Date.now();
    this.#crashes = [...this.#crashes.filter((at) => now - at < CRASH_SPAN), now];
    if (this.#crashes.length >= MAX_CRASHES) {
      this.#crashes = [];
      const response = await ask(null, {
        type: 'error',
        message: 'The window has crashed several times.',
        detail: `Its page ended: ${reason}. The lab itself keeps running.`,
        buttons: ['Open it again', 'Leave it closed'],
        defaultId: 0,
        cancelId: 1,
      });
      if (response === 1) {
        if (!window.isDestroyed()) window.destroy();
        return;
      }
    }
    const place = placeOf(window.isDestroyed() ? START : window.webContents.getURL());
    if (!window.isDestroyed()) this.#keepState(window); // `destroy` emits no `close`
    if (this.#window === window) this.#window = null;
    this.#open(place);
    // After the new window: the last closed window would end the app.
    if (!window.isDestroyed()) window.destroy();
  }

  async #wait(window: BrowserWindow): Promise<void> {
    const response = await ask(window, {
      type: 'warning',
      message: 'The window does not answer.',
      detail: 'The lab itself keeps running.',
      buttons: ['Wait', 'Load the window again'],
      defaultId: 0,
      cancelId: 0,
    });
    // Electron then reports the crash, and the page recovers.
    if (response === 1 && !window.isDestroyed()) window.webContents.forcefullyCrashRenderer();
  }
}

/** Returns to the app's last place from `about:blank`, which emits no `will-navigate`. */
function holdPage(window: BrowserWindow): void {
  const { webContents } = window;
  let place = '';
  const stay = (address: string): void => {
    if (isOurs(address)) place = placeOf(address);
    else load(window, place);
  };
  webContents.on('did-navigate', (_event, address) => {
    stay(address);
  });
  webContents.on('did-navigate-in-page', (_event, address, isMainFrame) => {
    if (isMainFrame) stay(address);
  });
}

/** Leaving a page while it loads is no failure; a crash has its own event. */
function load(window: BrowserWindow, place: string): void {
  window.loadURL(addressOf(place)).catch(() => undefined);
}

const addressOf = (place: string): string => (place === '' ? START : `${START}#/${place}`);
const placeOf = (address: string): string =>
  address.startsWith(ORIGIN) ? new URL(address).hash.replace(/^#\/?/, '') : '';
