import { app, dialog, shell, type Session, type WebContents, type WebPreferences } from 'electron';
import { ask } from './dialogs.ts';
import { isOurs } from './protocol.ts';

/**
 * What every window of this app is made with: the page is a browser's page, without Node and
 * without our preload's world.
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

/**
 * The page may put text on the clipboard after a click; everything else that pages can ask for is
 * denied.
 */
const PERMITTED: ReadonlySet<string> = new Set(['clipboard-sanitized-write']);

/**
 * Schemes of what our page loads; `devtools` and `chrome-extension` belong to the developer tools.
 */
const LOADABLE: ReadonlySet<string> = new Set(['app:', 'blob:', 'data:', 'devtools:']);

/**
 * Pages elsewhere that links of the app may open in the user's browser: the paper and the data
 * sets' home.
 */
const LINKS: ReadonlySet<string> = new Set(['arxiv.org', 'www.cs.toronto.edu']);

/**
 * True for what may be handed to the user's browser: HTTPS, a host that is known, nobody's password
 * in it.
 */
export function mayOpenOutside(address: string): boolean {
  const url = URL.parse(address);
  return (
    url?.protocol === 'https:' && LINKS.has(url.host) && url.username === '' && url.password === ''
  );
}

/** Opens an address in the user's browser if it is one of the few that the app knows. */
export function openOutside(address: string): void {
  if (mayOpenOutside(address)) void shell.openExternal(address);
}

/**
 * Pages get no permissions, no devices and nothing from the network: the lab does the downloading.
 */
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

/** Root has no sandbox at all: a defect of the browser inside could do anything to the computer. */
const NOT_AS_ROOT =
  'The window of KTG lab has no sandbox when root starts it. Start KTG lab as an ordinary user, ' +
  'or run npx ktg serve to use the lab in your own browser.';

/**
 * Whether the app may start without a sandbox: root never, other users decide. An AppImage turns
 * the sandbox off by itself where the system forbids it.
 *
 * @param sandboxed whether Chromium was started with its sandbox
 */
export async function mayStart(sandboxed: boolean): Promise<boolean> {
  if (sandboxed) return true;
  if (process.getuid?.() !== 0) return acceptsNoSandbox();
  console.error(NOT_AS_ROOT); // root often has no screen to read a box on
  dialog.showErrorBox('KTG lab does not start as root', NOT_AS_ROOT);
  return false;
}

async function acceptsNoSandbox(): Promise<boolean> {
  const response = await ask(null, {
    type: 'warning',
    message: 'The window would run without its sandbox.',
    detail:
      'This system keeps programs from building one, or --no-sandbox was given. The sandbox holds off what a defect of the browser inside could do to this computer. The .deb package brings what the system asks for; npx ktg serve shows the lab in your own browser.',
    buttons: ['Quit', 'Go on without it'],
    defaultId: 0,
    cancelId: 0,
  });
  return response === 1;
}

/** Nothing leads away from our page, in any web contents that ever come to be. */
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
