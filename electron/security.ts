import { app, shell, type Session, type WebContents, type WebPreferences } from 'electron';
import { inBackground } from '../core/base/in-background.ts';
import { ask } from './dialogs.ts';
import { isOurs } from './protocol.ts';

/**
 * Preferences of every window: the page is an ordinary web page, without Node and isolated from the
 * preload script.
 */
export const lockedDown = (preload: string): WebPreferences => ({
  preload,
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  navigateOnDragDrop: false,
  spellcheck: false, // its dictionaries would be downloaded
});

/** The page may write text to the clipboard after a click; all other permissions are denied. */
const PERMITTED: ReadonlySet<string> = new Set(['clipboard-sanitized-write']);

/**
 * Schemes that the page may load; `devtools` and `chrome-extension` belong to the developer tools.
 */
const LOADABLE: ReadonlySet<string> = new Set(['app:', 'blob:', 'data:', 'devtools:']);

/**
 * Hosts that links of the app may open in the user's browser: the paper and the home of the data
 * sets.
 */
const LINKS: ReadonlySet<string> = new Set(['arxiv.org', 'www.cs.toronto.edu']);

/** True for an address that the user's browser may open: HTTPS, a known host, no credentials. */
export function mayOpenOutside(address: string): boolean {
  const url = URL.parse(address);
  return (
    url?.protocol === 'https:' && LINKS.has(url.host) && url.username === '' && url.password === ''
  );
}

/** Opens a permitted address in the user's browser. */
export function openOutside(address: string): void {
  if (mayOpenOutside(address)) inBackground(shell.openExternal(address));
}

/** Denies pages all permissions, devices and network access: only the lab downloads. */
export function lockSession(session: Session): void {
  const permits = (page: string, permission: string): boolean =>
    isOurs(page) && PERMITTED.has(permission);
  session.setPermissionRequestHandler((contents, permission, decide) => {
    decide(permits(contents.getURL(), permission));
  });
  session.setPermissionCheckHandler((contents, permission) =>
    permits(contents?.getURL() ?? '', permission),
  );
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest(({ url }, decide) => {
    decide({ cancel: !LOADABLE.has(URL.parse(url)?.protocol ?? '') });
  });
}

/** Chromium has no sandbox for root, so a defect in it could give full control of the computer. */
const NOT_AS_ROOT =
  'The window of KTG lab has no sandbox when root starts it. Start KTG lab as an ordinary user, ' +
  'or run npx ktg serve to use the lab in your own browser.';

/**
 * Returns whether the app may start. Without a sandbox, root never may; other users decide. An
 * AppImage turns the sandbox off where the system forbids it.
 *
 * @param sandboxed whether Chromium was started with its sandbox
 */
export async function mayStart(sandboxed: boolean): Promise<boolean> {
  if (sandboxed) return true;
  if (process.getuid?.() !== 0) return acceptsNoSandbox();
  console.error(NOT_AS_ROOT); // root often has no screen for a dialog
  await ask(null, {
    type: 'error',
    message: 'KTG lab does not start as root.',
    detail: NOT_AS_ROOT,
    buttons: ['OK'],
  });
  return false;
}

async function acceptsNoSandbox(): Promise<boolean> {
  const response = await ask(null, {
    type: 'warning',
    message: 'The window would run without its sandbox.',
    detail:
      'This system does not allow one, or --no-sandbox was given. The sandbox protects this ' +
      'computer from defects of the built-in browser. ' +
      'The .deb package sets the permissions that it needs; npx ktg serve shows the lab in ' +
      'your own browser.',
    buttons: ['Quit', 'Continue without it'],
    defaultId: 0,
    cancelId: 0,
  });
  return response === 1;
}

/** Denies navigation away from our page in all present and future web contents. */
export function lockContents(): void {
  app.on('web-contents-created', (_event, contents) => {
    lock(contents);
  });
}

function lock(contents: WebContents): void {
  const stay = (event: { preventDefault(): void; url: string }): void => {
    if (isOurs(event.url)) return;
    event.preventDefault();
    openOutside(event.url);
  };
  contents.on('will-navigate', stay);
  contents.on('will-redirect', stay);
  contents.on('will-frame-navigate', stay);
  contents.on('will-attach-webview', (event) => {
    event.preventDefault();
  });
  contents.setWindowOpenHandler(({ url }) => {
    openOutside(url);
    return { action: 'deny' };
  });
}
