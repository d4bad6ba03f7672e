import { annotationCommand } from './annotate.ts';

export const command = annotationCommand('note', {
  forms: [
    ['note STUDY[#TRIAL]', 'shows the notes and tags of a study or trial'],
    ['note STUDY[#TRIAL] TEXT', 'adds a line to its notes'],
  ],
  arguments: { TEXT: 'in quotes, such as "the second run diverged"' },
  options: {
    remove: { type: 'boolean', help: 'removes the notes; a TEXT then takes their place' },
  },
  words: 2,
  changeOf({ notes }, [text], remove) {
    if (remove) return { notes: text ?? '' };
    return text === undefined ? null : { notes: [notes, text].filter(Boolean).join('\n') };
  },
});
