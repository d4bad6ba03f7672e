import type { Environment } from '../../core/lab/api.ts';

/**
 * Where numbers were made, in the words of whatever is saved; several places of one kind are parted
 * by semicolons.
 */
export function madeIn(environments: readonly Environment[]): Record<string, string | undefined> {
  const all = (part: Exclude<keyof Environment, 'leftOut'>): string | undefined =>
    [...new Set(environments.map((environment) => environment[part]))]
      .filter((word) => word != null)
      .join('; ') || undefined;
  return {
    version: all('app'),
    revision: all('revision'),
    runtime: all('runtime'),
    engine: all('engine'),
    kernels: all('kernels'),
    device: all('device'),
    platform: all('platform'),
    host: all('host'),
    images: all('data'),
  };
}

/**
 * Warns where numbers that are compared were made on different devices, by different engines or by
 * different kernels; '' where they were not.
 */
export function mixedText(environments: readonly Environment[]): string {
  const kinds = (part: 'device' | 'engine' | 'kernels'): string[] => [
    ...new Set(environments.flatMap((environment) => environment[part] ?? [])),
  ];
  const [devices, engines, kernels] = [kinds('device'), kinds('engine'), kinds('kernels')];
  const what = [
    ...(devices.length > 1 ? [`devices (${devices.join('; ')})`] : []),
    ...(engines.length > 1 ? [`engines (${engines.join('; ')})`] : []),
    ...(kernels.length > 1 ? [`kernels (${kernels.join('; ')})`] : []),
  ];
  return what.length === 0
    ? ''
    : `The trials were trained on different ${what.join(' and ')}, which give slightly different ` +
        'results for the same graph and seed. Close trials may be in the wrong order: re-run the ' +
        'best.';
}
