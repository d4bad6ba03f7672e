import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, clipboard, powerMonitor, session } from 'electron';
import { inBackground } from '../core/base/in-background.ts';
import { labFile } from '../core/host/open.ts';
import { preventSleep } from './power-blocker.ts';
import { askWhereToSave, backUp, chooseLab, nameLab, showInFolder } from './files.ts';
import type { AttachedLab } from '../core/host/attach.ts';
import { offerLab } from './page-port.ts';
import { linkTo, placeIn, registerLinks } from './links.ts';
import { answerLaterStarts, firstStartIsSilent, triesAgain } from './first-start.ts';
import { setMenu } from './menu.ts';
import { notifyOfFinishedJobs } from './notices.ts';
import { openOrChoose } from './open-lab.ts';
import { registerScheme, serveWindow } from './protocol.ts';
import { Leaving } from './quit.ts';
import { lockContents, lockSession, mayStart, openOutside } from './security.ts';
import { explain } from './error-box.ts';
import { LabWindow } from './window.ts';
import {
  argumentsFor,
  type LaunchRequest,
  parseLaunchRequest,
  launchRequestOf,
} from './launch-request.ts';

/** Returns the path of a built part of the app, relative to the bundled main.js. */
const built = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** Equal to build/packaging.js. */
const APP_ID = 'org.ktg-lab.app';
const PAPER = 'https://arxiv.org/abs/1909.04286';

const logBug = (error: unknown): void => {
  console.error(error);
};

registerScheme();
const request = launchRequestOf(process.argv.slice(1));
/** Opens a place of the app; before the window exists, the place is remembered. */
let openPlace = (place: string): void => void (request.place = place);
app.on('open-url', (event, link) => {
  event.preventDefault();
  const place = placeIn(link);
  if (place !== null) openPlace(place);
});
start().catch(async (error: unknown) => {
  logBug(error);
  await explain(error);
  app.exit(1); // no window exists that the user could close
});

/**
 * Opens lab and window. Top-level code must not await it: Electron becomes ready only after this
 * file has run.
 */
async function start(): Promise<void> {
  lockContents();
  const sandboxed = !app.commandLine.hasSwitch('no-sandbox');
  // enableSandbox removes the switch `--no-sandbox`, though Chromium would still run without a
  // sandbox.
  if (sandboxed) app.enableSandbox();
  // Windows shows no notifications without it.
  if (process.platform === 'win32') app.setAppUserModelId(APP_ID);
  // Workers run under the Node of the app or the checkout: a fuse prevents this program from
  // running as Node.
  const node = process.platform === 'win32' ? 'node.exe' : 'node';
  if (app.isPackaged) process.env.KTG_NODE = join(process.resourcesPath, node);
  else process.env.KTG_NODE ??= built(`../../node_modules/node/bin/${node}`);
  keepStateBesideLabs();
  if (!(await isFirstStart())) return;
  await app.whenReady();
  if (!(await mayStart(sandboxed))) {
    app.exit(1);
    return;
  }
  registerLinks();
  lockSession(session.defaultSession);
  askWhereToSave(session.defaultSession);
  serveWindow(built('../renderer'));
  const lab = await openOrChoose(request.lab ?? labFile());
  if (lab) work(lab);
  else app.exit(1);
}

/** Gives each KTG_HOME a window state and a lock of its own; one start serves one home. */
function keepStateBesideLabs(): void {
  const { KTG_HOME } = process.env;
  if (!KTG_HOME || app.commandLine.hasSwitch('user-data-dir')) return;
  app.setPath('userData', join(resolve(KTG_HOME), 'window'));
}

/** Sends the request of a later start to the first, and ends the later one. */
async function isFirstStart(): Promise<boolean> {
  const folder = app.getPath('userData');
  while (await firstStartIsSilent(folder)) {
    await app.whenReady();
    if (await triesAgain()) continue;
    app.exit(1);
    return false;
  }
  if (!app.requestSingleInstanceLock(request)) {
    app.quit();
    return false;
  }
  answerLaterStarts(folder);
  return true;
}

/**
 * Restarts the app after this process ends. An AppImage unpacks again, so its present path becomes
 * invalid.
 */
function restart(args: string[]): void {
  const { APPIMAGE } = process.env;
  app.relaunch({ args, ...(APPIMAGE && { execPath: APPIMAGE }) });
}

function work(lab: AttachedLab): void {
  const leaving = new Leaving(
    lab,
    () => window.native,
    () => {
      if (next !== null) restart(argumentsFor(next, process.argv.slice(1)));
      app.quit();
    },
  );
  /** Request for the restart, if one follows. */
  let next: LaunchRequest | null = null;
  const window = new LabWindow({
    preload: built('preload.cjs'),
    stateFile: join(app.getPath('userData'), 'window.json'),
    icon: built('icon.png'),
    mayClose: () => {
      // On macOS an app stays alive without a window; elsewhere the last window ends it.
      if (leaving.saved || process.platform === 'darwin') return true;
      inBackground(leaving.leave());
      return false;
    },
    onSessionEnd: () => inBackground(leaving.leave(false)),
  });
  openPlace = (place) => {
    window.show(place);
  };

  offerLab(lab.api, (contents) => window.holds(contents), logBug);
  const undo = [
    preventSleep(lab.api),
    notifyOfFinishedJobs(lab.api, () => window.focused, openPlace),
  ];
  app.on('before-quit', (event) => {
    if (leaving.saved) return;
    event.preventDefault();
    inBackground(leaving.leave());
  });
  app.on('will-quit', () => {
    for (const each of undo) each();
  });
  app.on('window-all-closed', () => undefined); // only `leaving` ends the app
  app.on('activate', () => {
    window.show();
  });
  app.on('second-instance', (_event, _args, _folder, sent) => {
    const { lab: other, place } = parseLaunchRequest(sent);
    const elsewhere = other !== null && other !== lab.file;
    // A leaving app has no window any more.
    if (leaving.decided) next ??= { lab: other ?? lab.file, place };
    else if (elsewhere) switchLab(Promise.resolve(other), place).catch(explain);
    else window.show(place ?? undefined);
  });
  const onShutdown = (event: { preventDefault(): void }): void => {
    event.preventDefault(); // time to save
    inBackground(leaving.leave(false));
  };
  powerMonitor.on('shutdown', onShutdown as () => void); // the types lack this event
  for (const signal of ['SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => inBackground(leaving.leave(false)));
  inBackground(
    lab.lost.then(() => {
      if (leaving.decided) return;
      // The holder of the lab ended: the app restarts at the same place and takes the lab over.
      restart(argumentsFor({ lab: lab.file, place: window.place || null }, process.argv.slice(1)));
      app.exit(0);
    }),
  );

  /** Restarts the app with another lab, if one was chosen and the user agrees. */
  const switchLab = async (
    choice: Promise<string | null>,
    place: string | null = null,
  ): Promise<void> => {
    const other = await choice;
    if (other === null) return;
    const before = next;
    next = { lab: other, place };
    if (!(await leaving.leave()) && !leaving.decided) next = before;
  };
  setMenu({
    go: openPlace,
    back: () => {
      window.back();
    },
    forward: () => {
      window.forward();
    },
    copyLink: () => {
      inBackground(clipboard.writeText(linkTo(window.place)));
    },
    newLab: () => {
      switchLab(nameLab(window.native)).catch(explain);
    },
    openLab: () => {
      switchLab(chooseLab(window.native)).catch(explain);
    },
    backUp: () => {
      backUp(lab, window.native).catch(explain);
    },
    showInFolder: () => {
      showInFolder(lab);
    },
    openPaper: () => {
      openOutside(PAPER);
    },
  });
  window.show(request.place ?? undefined);
}
