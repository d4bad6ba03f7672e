import { LabError } from '../base/errors.ts';
import type { LabApi } from '../lab/api.ts';
import { studyNamed, trialNamed } from './choices.ts';
import { asWrongArguments, type Command, Exit } from './command.ts';
import { labOptions, withLab } from './lab-access.ts';
import { jsonLine, line } from './report.ts';
import { jsonOption } from './usage.ts';

/** What people write about a study or a trial. */
export interface Annotated {
  readonly notes: string;
  readonly tags: readonly string[];
}

/** A study or a trial of a lab whose notes and tags are read and written. */
interface Subject extends Annotated {
  /** `Study "M3"`, `Trial 7 of study "M3"` */
  readonly title: string;
  write(change: Partial<Annotated>): Promise<unknown>;
}

/** Finds `3`, `3#17`, `3#best` or a name of a study. @throws LabError `arguments.*` */
async function subjectOf(api: LabApi, wanted: string): Promise<Subject> {
  const trial = /^(.+)#([^#]+)$/.exec(wanted);
  const card = await studyNamed(api, trial?.[1] ?? wanted);
  const { id: study, name, notes, tags } = card.study;
  if (!trial)
    return {
      ...{ notes, tags, title: `Study "${name}"` },
      write: ({ tags: words, ...change }) =>
        api.request('studies.change', { study, ...change, ...(words && { tags: [...words] }) }),
    };
  const row = await trialNamed(api, card, trial[2]!);
  return {
    ...{ notes: row.notes ?? '', tags: row.tags ?? [] },
    title: `Trial ${row.number} of study "${name}"`,
    write: ({ tags: words, ...change }) =>
      api.request('runs.annotate', {
        run: row.run,
        ...change,
        ...(words && { tags: [...words] }),
      }),
  };
}

/** Returns the notes and tags as lines; none where nothing was written. */
export const annotationLines = ({ notes = '', tags = [] }: Partial<Annotated>): string[] => [
  ...(tags.length > 0 ? [`Tags: ${tags.join(', ')}`] : []),
  ...(notes === ''
    ? []
    : notes.split('\n').map((text, at) => (at === 0 ? `Notes: ${text}` : text))),
];

/** Makes `ktg tag` or `ktg note`. */
export const annotationCommand = (
  verb: 'tag' | 'note',
  form: Pick<Command, 'forms' | 'options' | 'words'> & {
    arguments: Readonly<Record<string, string>>;
    /** The new notes or tags; null where the words ask for no change. */
    changeOf(
      before: Annotated,
      words: readonly string[],
      remove: boolean,
    ): Partial<Annotated> | null;
  },
): Command => ({
  forms: form.forms,
  arguments: {
    'STUDY[#TRIAL]': 'a study, or a trial such as 1#17 or 1#best',
    ...form.arguments,
  },
  options: {
    ...form.options,
    ...labOptions,
    json: jsonOption('one object: {"notes":"...","tags":[...]}'),
  },
  words: form.words,
  async run(values, [wanted, ...words]) {
    if (wanted === undefined) throw new LabError('arguments.missing/annotated', { verb });
    const remove = values.remove === true;
    const isLook = words.length === 0 && !remove;
    return withLab(values, isLook ? 'look' : 'change', async ({ api }) => {
      const subject = await subjectOf(api, wanted);
      const change = form.changeOf(subject, words, remove);
      if (change)
        await subject.write(change).catch((error: unknown) => {
          throw asWrongArguments(error);
        });
      const { notes, tags, title } = change ? await subjectOf(api, wanted) : subject;
      if (values.json === true) jsonLine({ notes, tags });
      else {
        line(title);
        const lines = annotationLines({ notes, tags });
        for (const text of lines.length > 0 ? lines : ['It has no notes and no tags.']) line(text);
      }
      return Exit.done;
    });
  },
});
