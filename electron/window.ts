import { BrowserWindow, screen } from 'electron';
import { ask } from './dialogs.ts';
import { isOurs, ORIGIN, START } from './protocol.ts';
import { lockedDown } from './security.ts';
import { type Area, keepState, placeWindow, readState, SMALLEST } from './window-state.ts';

/**
 * Crashes within this many milliseconds after which the user is asked before the page is tried
 * again.
 */
const CRASH_SPAN = 60_000;
const MAX_CRASHES = 3;

export interface WindowOptions {
  preload: string;
  /** Where the window's place is kept. */
  stateFile: string;
  icon: string;
  /** Asked when the window is to be closed; false keeps it. */
  mayClose: () => boolean;
  /** The user logs off or the machine is shut down (Windows); it waits until the app has ended. */
  onSessionEnd: () => void;
}

/**
 * The app's one window. Its page may crash or hang without harm: the lab is in another process and
 * a new page finds it again.
 */
export class LabWindow {
  readonly #options: WindowOptions;
  #window: BrowserWindow | null = null;
  /**
   * Normal bounds before a start as maximized, where X11 takes the whole screen for them; null: the
   * window knows its own.
   */
  #normal: Area | null = null;
  #crashes: number[] = [];

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  /**
   * Opens the window, or brings it to the front, and goes to a place of the app such as
   * `studies/3`.
   */
  show(place?: string): void {
    if (this.#window) {
      if (this.#window.isMinimized()) this.#window.restore();
      this.#window.show();
      this.#window.focus();
      // The place that is shown already would be loaded anew, and what is undone in its editor
      // forgotten.
      if (place !== undefined && place !== this.place) load(this.#window, place);
    } else {
      this.#open(place);
    }
  }

  /** The place that is shown, '' where the app begins. */
  get place(): string {
    return this.#window ? placeOf(this.#window.webContents.getURL()) : '';
  }

  back(): void {
    this.#window?.webContents.navigationHistory.goBack();
  }

  forward(): void {
    this.#window?.webContents.navigationHistory.goForward();
  }

  /** For dialogs that belong to it. */
  get native(): BrowserWindow | null {
    return this.#window;
  }

  get focused(): boolean {
    return this.#window?.isFocused() ?? false;
  }

  /** Whether these web contents are the window's. */
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
      if (reason !== 'clean-exit') void this.#recover(window, reason);
    });
    window.on('unresponsive', () => void this.#wait(window));
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
        detail: `Its page ended: ${reason}. The lab itself goes on working.`,
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
    if (!window.isDestroyed()) this.#keepState(window); // `destroy` below raises no `close`
    if (this.#window === window) this.#window = null;
    this.#open(place);
    // After the new one: the last window's end would end the app.
    if (!window.isDestroyed()) window.destroy();
  }

  async #wait(window: BrowserWindow): Promise<void> {
    const response = await ask(window, {
      type: 'warning',
      message: 'The window does not answer.',
      detail: 'The lab itself goes on working.',
      buttons: ['Wait', 'Load the window again'],
      defaultId: 0,
      cancelId: 0,
    });
    // And recovers.
    if (response === 1 && !window.isDestroyed()) window.webContents.forcefullyCrashRenderer();
  }
}

/** Leads back to the app's last place from `about:blank`, which raises no `will-navigate`. */
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

/**
 * A page that is left while it loads is no failure, and one that crashes is told by its own event.
 */
function load(window: BrowserWindow, place: string): void {
  window.loadURL(addressOf(place)).catch(() => undefined);
}

const addressOf = (place: string): string => (place === '' ? START : `${START}#/${place}`);
const placeOf = (address: string): string =>
  address.startsWith(ORIGIN) ? new URL(address).hash.replace(/^#\/?/, '') : '';
