import { LabError } from '../base/errors.ts';
import { tagWords } from '../study/tags.ts';
import { annotationCommand } from './annotate.ts';

export const command = annotationCommand('tag', {
  forms: [
    ['tag STUDY[#TRIAL]', 'shows the tags and notes of a study or trial'],
    ['tag STUDY[#TRIAL] TAG...', 'adds tags, by which a study or trial is found again'],
  ],
  arguments: { TAG: 'one word without spaces, such as baseline; not case-sensitive' },
  options: {
    remove: { type: 'boolean', help: 'removes these tags instead; all, where none is given' },
  },
  words: 21,
  changeOf({ tags }, words, remove) {
    const given = words.flatMap(tagsOf).map((tag) => tag.toLowerCase());
    if (!remove) return given.length === 0 ? null : { tags: [...tags, ...given] };
    return { tags: given.length === 0 ? [] : tags.filter((tag) => !given.includes(tag)) };
  },
});

/**
 * Returns the tags of one argument: `good,baseline` are two.
 *
 * @throws LabError `arguments.tag-space` for a tag in quotes with a space, which would be two tags
 */
function tagsOf(argument: string): string[] {
  const spaced = argument.split(/[,;#]/).find((part) => tagWords(part).length > 1);
  if (spaced === undefined) return tagWords(argument);
  throw new LabError('arguments.tag-space', {
    tag: spaced.trim(),
    word: tagWords(spaced).join('-'),
  });
}
