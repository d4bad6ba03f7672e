import { tagWords } from '../study/tags.ts';
import { annotationCommand } from './annotate.ts';

export const command = annotationCommand('tag', {
  forms: [
    ['tag STUDY[#TRIAL]', 'shows the tags and notes of a study or trial'],
    ['tag STUDY[#TRIAL] TAG...', 'adds tags, by which a study or trial is found again'],
  ],
  arguments: { TAG: 'one word, such as baseline; not case-sensitive' },
  options: {
    remove: { type: 'boolean', help: 'removes these tags instead; all, where none is given' },
  },
  words: 21,
  changeOf({ tags }, words, remove) {
    const given = tagWords(words.join(' ').toLowerCase());
    if (!remove) return given.length === 0 ? null : { tags: [...tags, ...given] };
    return { tags: given.length === 0 ? [] : tags.filter((tag) => !given.includes(tag)) };
  },
});
