import { Menu, type MenuItemConstructorOptions } from 'electron';

export interface MenuActions {
  /** Opens a place of the app. */
  go(place: string): void;
  back(): void;
  forward(): void;
  /** Copies a link to the present place. */
  copyLink(): void;
  newLab(): void;
  openLab(): void;
  backUp(): void;
  showInFolder(): void;
  openPaper(): void;
}

/** The role `zoomIn` only accepts Ctrl+Shift+= on keyboards with a shifted plus. */
const alsoZoomsIn = (accelerator: string): MenuItemConstructorOptions => ({
  role: 'zoomIn',
  accelerator,
  visible: false,
  acceleratorWorksWhenHidden: true,
});

/** Linux and Windows: the role `windowMenu` adds an item "Zoom" that only macOS supports. */
const windowMenu: MenuItemConstructorOptions = {
  label: '&Window',
  submenu: [{ role: 'minimize' }, { role: 'close' }],
};

/** Sets the application menu. It repeats no controls of the page, except the ways to its views. */
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
      { role: 'editMenu', label: '&Edit' },
      {
        label: '&Go',
        submenu: [
          { label: 'Back', accelerator: mac ? 'Cmd+[' : 'Alt+Left', click: actions.back },
          { label: 'Forward', accelerator: mac ? 'Cmd+]' : 'Alt+Right', click: actions.forward },
          {
            label: 'Copy a link to this place',
            accelerator: 'CmdOrCtrl+Shift+C',
            click: actions.copyLink,
          },
          line,
          to('Studies', 'studies', 1),
          to('Graphs', 'graphs', 2),
          to('Compare', 'compare', 3),
          to('Re-runs', 'reruns', 4),
          to('Data', 'data', 5),
          to('Settings', 'settings', 6),
          to('Log', 'log', 7),
        ],
      },
      {
        label: '&View',
        submenu: [
          ...(
            [
              'reload',
              'resetZoom',
              'zoomIn',
              'zoomOut',
              'togglefullscreen',
              'toggleDevTools',
            ] as const
          ).map((role) => ({ role })),
          ...['CmdOrCtrl+=', 'CmdOrCtrl+numadd'].map(alsoZoomsIn),
        ],
      },
      mac ? { role: 'windowMenu' } : windowMenu,
      { role: 'help', label: '&Help', submenu: [{ label: 'The paper', click: actions.openPaper }] },
    ]),
  );
}
