/**
 * Returns the Node program for child processes: KTG_NODE inside the desktop app (Electron itself
 * cannot run as Node), else the running one.
 */
export const nodeProgram = (): string => process.env.KTG_NODE ?? process.execPath;

/**
 * Returns the path of a file for other programs. Only the desktop app can read its archive; files
 * for workers and compilers lie unpacked beside it.
 */
export const outsideArchive = (path: string): string =>
  path.replace(/([\\/])app\.asar(?=[\\/])/, '$1app.asar.unpacked');
