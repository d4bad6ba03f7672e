import { Menu, type MenuItemConstructorOptions } from 'electron';

export interface MenuActions {
  /** To a place of the app. */
  go(place: string): void;
  newLab(): void;
  openLab(): void;
  backUp(): void;
  showInFolder(): void;
  openPaper(): void;
}

/** The application menu. What the page's own controls do already is not repeated, except the ways to its views. */
export function setMenu(actions: MenuActions, platform: NodeJS.Platform = process.platform): void {
  const mac = platform === 'darwin';
  const line: MenuItemConstructorOptions = { type: 'separator' };
  const to = (label: string, place: string, key: number): MenuItemConstructorOptions => ({
    label,
    accelerator: `CmdOrCtrl+${key}`,
    click: () => {
      actions.go(place);
    },
  });
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(mac ? [{ role: 'appMenu' as const }] : []),
      {
        label: '&File',
        submenu: [
          { label: 'Start a new lab file…', click: actions.newLab },
          { label: 'Open another lab file…', accelerator: 'CmdOrCtrl+O', click: actions.openLab },
          { label: 'Copy the lab file…', click: actions.backUp },
          { label: 'Show the lab file in its folder', click: actions.showInFolder },
          line,
          { role: mac ? 'close' : 'quit' },
        ],
      },
      { role: 'editMenu' },
      {
        label: '&View',
        submenu: [
          to('Studies', 'studies', 1),
          to('Graphs', 'graphs', 2),
          to('Re-runs', 'reruns', 3),
          to('Data', 'data', 4),
          to('Settings', 'settings', 5),
          to('Log', 'log', 6),
          line,
          ...(['reload', 'resetZoom', 'zoomIn', 'zoomOut', 'togglefullscreen', 'toggleDevTools'] as const).map((role) => ({ role })), // prettier-ignore
        ],
      },
      { role: 'windowMenu' },
      { role: 'help', submenu: [{ label: 'The paper', click: actions.openPaper }] },
    ]),
  );
}
