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

/**
 * Warns where numbers that are compared were made on different devices or by different engines; ''
 * where they were not.
 */
export function mixedText(environments: readonly Environment[]): string {
  const kinds = (part: 'device' | 'engine'): string[] => [
    ...new Set(environments.map((environment) => environment[part])),
  ];
  const [devices, engines] = [kinds('device'), kinds('engine')];
  const what = [
    ...(devices.length > 1 ? [`devices (${devices.join('; ')})`] : []),
    ...(engines.length > 1 ? [`engines (${engines.join('; ')})`] : []),
  ];
  return what.length === 0
    ? ''
    : `The trials were trained on different ${what.join(' and ')}, which give slightly different ` +
        'results for the same graph and seed. Close trials may be in the wrong order: re-run the ' +
        'best.';
}
