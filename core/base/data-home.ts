import { homedir } from 'node:os';
import { join } from 'node:path';

type Environment = Record<string, string | undefined>;

/**
 * Returns the folder of downloaded data sets: KTG_DATA; else `data` in KTG_HOME; else the
 * platform's folder for application data. All checkouts share it.
 */
export function dataHome(
  environment: Environment = process.env,
  platform = process.platform,
): string {
  if (environment.KTG_DATA) return environment.KTG_DATA;
  return join(environment.KTG_HOME ?? platformHome(environment, platform), 'data');
}

function platformHome(environment: Environment, platform: NodeJS.Platform): string {
  if (platform === 'win32')
    return join(environment.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'ktg-lab');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'ktg-lab');
  return join(environment.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'ktg-lab');
}
