import type { BuiltInSource, DatasetSource, OfficialSource } from '../source.ts';
import { cifar10 } from './cifar-10.ts';
import { cifar100 } from './cifar-100.ts';
import { fashionMnist } from './fashion-mnist.ts';
import { synthetic } from './synthetic.ts';
import { tinyImageNet } from './tiny-imagenet.ts';

/** Every data set that the lab knows by name. A new one is one file and one entry here. */
export const sources: readonly DatasetSource[] = [
  cifar100,
  cifar10,
  fashionMnist,
  tinyImageNet,
  synthetic,
];

export const officialSources: readonly OfficialSource[] = sources.filter(
  (source) => source.kind === 'official',
);

/** The set that is used where none is named. */
export const usualSource: BuiltInSource = synthetic;

/** The source of a name, as it stands in plans, lists and identities. */
export const sourceNamed = (name: string): DatasetSource | undefined =>
  sources.find((source) => source.name === name);

/** What a specification means: a source with options; null for a path. */
export function sourceOf(spec: string): { source: DatasetSource; options: string } | null {
  const whole = sourceNamed(spec);
  if (whole) return { source: whole, options: '' };
  const [name = ''] = spec.split(':', 1);
  const source = sourceNamed(name);
  if (source?.kind !== 'built-in' || spec === name) return null;
  return { source, options: spec.slice(name.length + 1) };
}

/** The official set that a specification names, if it does. */
export function officialOf(spec: string): OfficialSource | undefined {
  const source = sourceNamed(spec);
  return source?.kind === 'official' ? source : undefined;
}

/** Whether a specification names a set that this program makes, with or without options. */
export const isBuiltIn = (spec: string): boolean => sourceOf(spec)?.source.kind === 'built-in';
