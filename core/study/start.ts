import * as v from 'valibot';
import { templates } from '../graph/templates.ts';
import { graphRecord } from './fields.ts';

/** Most graphs of a person's own that a study begins with. */
const MAX_OWN_STARTS = 100;

/** The graphs that are a study's first trials, before any is drawn. */
export const startSchema = v.strictObject({
  /** The known methods, as far as the study's space has them. */
  methods: v.boolean(),
  /** A person's own, after them. */
  graphs: v.pipe(v.array(graphRecord), v.maxLength(MAX_OWN_STARTS)),
  /** They run to the end whatever the rule says, as a yardstick. */
  toTheEnd: v.boolean(),
});
export type Start = v.InferOutput<typeof startSchema>;

/** Where the graph of a starting point comes from: the name of a known method, or a person. */
export const originSchema = v.picklist(['own', ...templates.map(({ name }) => name)]);
export type Origin = v.InferOutput<typeof originSchema>;

/** What new studies begin with. */
export const usualStart: Start = { methods: true, graphs: [], toTheEnd: true };

/** Choices of the form and of the command line, the usual one first. */
export const startChoices = [
  { name: 'to-the-end', title: 'known methods to the end', start: usualStart },
  {
    name: 'judged',
    title: 'known methods, judged at rungs',
    start: { ...usualStart, toTheEnd: false },
  },
  { name: 'none', title: 'none', start: { ...usualStart, methods: false } },
] as const;

/** The choice that a plan has made; own graphs come with each of them. */
export const startName = (start: Start | undefined): string =>
  startChoices.find(
    (choice) =>
      choice.start.methods === (start?.methods ?? false) &&
      (!choice.start.methods || choice.start.toTheEnd === start?.toTheEnd),
  )!.name;

/** The choice with a name, with the own graphs of the one before. */
export function startNamed(name: string, before: Start | undefined): Start {
  const { start } = startChoices.find((choice) => choice.name === name) ?? startChoices[0];
  return { ...start, graphs: before?.graphs ?? [] };
}

/** What a person reads of where a starting point comes from. */
export const originTitle = (origin: Origin): string =>
  templates.find(({ name }) => name === origin)?.title ?? 'own graph';
