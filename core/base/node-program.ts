/**
 * The Node that other processes of the lab run under: KTG_NODE where the lab runs inside the
 * desktop app, whose own program is no Node; else the one that runs this.
 */
export const nodeProgram = (): string => process.env.KTG_NODE ?? process.execPath;

/**
 * A path as other programs find it. The desktop app keeps its code in one archive that only itself
 * can look into; what others need (workers, compilers) lies unpacked beside it.
 */
export const outsideArchive = (path: string): string =>
  path.replace(/([\\/])app\.asar(?=[\\/])/, '$1app.asar.unpacked');
