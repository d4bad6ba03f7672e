import type { Environment } from '../../core/lab/api.ts';

/**
 * Where numbers were made, in the words of whatever is saved; several places of one kind are parted
 * by semicolons.
 */
export function madeIn(environments: readonly Environment[]): Record<string, string | undefined> {
  const all = (part: keyof Environment): string | undefined =>
    [...new Set(environments.map((environment) => environment[part]))]
      .filter((word) => word !== null)
      .join('; ') || undefined;
  return {
    version: all('app'),
    revision: all('revision'),
    runtime: all('runtime'),
    engine: all('engine'),
    device: all('device'),
    platform: all('platform'),
    host: all('host'),
    images: all('data'),
  };
}
