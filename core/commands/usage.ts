import type { Command, Option } from './command.ts';

/** Columns of the usage text: width of the names, and width of a line. */
const NAMES = 17;
const WIDTH = 100;

/** Returns the text of `ktg help VERB`: forms, arguments and options, then the note. */
export function usageOf({ forms, arguments: names = {}, options, note }: Command): string {
  const width = Math.max(...forms.map(([form]) => form.length)) + 'ktg '.length;
  const rows = [
    ...Object.entries(names),
    ...Object.entries(options).map(([name, option]) => [labelOf(name, option), option.help]),
  ].map(([label = '', help = '']) => row(`  ${label.padEnd(NAMES)} `, help));
  return [
    forms.map(([form, summary]) => row(`ktg ${form}`.padEnd(width + 3), summary)).join('\n'),
    rows.join('\n'),
    ...(note === undefined ? [] : [wrapped(note, WIDTH).join('\n')]),
  ].join('\n\n');
}

/** Returns the option `--json` with the form of its output. */
export const jsonOption = (output: string): Option => ({
  type: 'boolean',
  help: `for programs: JSON instead of text\n${output}`,
});

const labelOf = (name: string, { value }: Option): string =>
  `--${name}${value === undefined ? '' : ` ${value}`}`;

/** Returns a label with its text; further lines of the text start in the same column. */
function row(label: string, text: string): string {
  const lines = wrapped(text, WIDTH - label.length);
  return label + lines.join(`\n${' '.repeat(label.length)}`);
}

/** Breaks every line of a text at spaces so that it has at most `width` characters. */
const wrapped = (text: string, width: number): string[] =>
  text.split('\n').flatMap((paragraph) => {
    const lines = [''];
    for (const word of paragraph.split(' ')) {
      const line = lines.at(-1)!;
      if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
      else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
    }
    return lines;
  });
