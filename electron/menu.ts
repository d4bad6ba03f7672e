import { Menu, type MenuItemConstructorOptions } from 'electron';
import { places } from '../renderer/routes.ts';

export interface MenuActions {
  /** Opens a place of the app. */
  readonly go: (place: string) => void;
  readonly back: () => void;
  readonly forward: () => void;
  /** Copies a link to the present place. */
  readonly copyLink: () => void;
  readonly newLab: () => void;
  readonly openLab: () => void;
  readonly backUp: () => void;
  readonly showInFolder: () => void;
  readonly openPaper: () => void;
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
  const ways = places.map(({ title, path, key }) => ({
    label: title,
    accelerator: `CmdOrCtrl+${key}`,
    click: () => {
      actions.go(path);
    },
  }));
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(mac ? [{ role: 'appMenu' as const }] : []),
      {
        label: '&File',
        submenu: [
          { label: 'New lab file…', click: actions.newLab },
          { label: 'Open another lab file…', accelerator: 'CmdOrCtrl+O', click: actions.openLab },
          { label: 'Save a copy of the lab file…', click: actions.backUp },
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
            label: 'Copy a link to this page',
            accelerator: 'CmdOrCtrl+Shift+C',
            click: actions.copyLink,
          },
          line,
          ...ways,
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
