import * as v from 'valibot';

/** Words by which a person finds studies and trials again, and what a person writes about them. */

/** Tags of one study or trial. */
const MOST_TAGS = 20;
/** Longest tag, in characters. */
const LONGEST_TAG = 40;

/** A tag is one word, so that a filter can name it: letters, digits, `.`, `_`, `/` and `-`. */
const tagSchema = v.pipe(
  v.string(),
  v.maxLength(LONGEST_TAG),
  v.regex(
    /^[\p{L}\p{N}][\p{L}\p{N}._/-]*$/u,
    'Expected a tag of letters, digits, dots, underscores, slashes and hyphens.',
  ),
  v.transform((tag) => tag.toLowerCase()),
);

/** Tags in lower case, each once, in alphabetical order. */
export const tagsSchema = v.pipe(
  v.array(tagSchema),
  v.maxLength(MOST_TAGS),
  v.transform((tags): readonly string[] => [...new Set(tags)].sort()),
);

/** Longest notes, in characters. */
export const notesSchema = v.pipe(v.string(), v.maxLength(20_000));

/** Returns the words of a text as tags: `good, Baseline` gives `baseline` and `good`. */
export const tagWords = (text: string): string[] => text.split(/[\s,;#]+/).filter(Boolean);
