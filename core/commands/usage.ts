import type { Command, Option } from './command.ts';
import { terminalOf } from './terminal.ts';

/** Column in which the meanings of names begin. */
const NAMES = 17;
/** Columns of a line where the output is no terminal, and most on a wide one. */
const WIDTH = 100;
/** A meaning beside its name has at least so many columns; else it stands below. */
const NARROW = 34;
const NARROW_INDENT = '      ';

/**
 * Returns the text of `ktg help VERB`, as wide as the terminal: forms, arguments and options, then
 * the note.
 */
export function usageOf(
  { forms, arguments: names = {}, options, note }: Command,
  columns = terminalOf(process.stdout, process.env).columns,
): string {
  const line = Math.min(WIDTH, columns);
  const width = Math.max(...forms.map(([form]) => form.length)) + 'ktg '.length;
  const rows = [
    ...Object.entries(names),
    ...Object.entries(options).map(([name, option]) => [labelOf(name, option), option.help]),
  ].map(([label = '', help = '']) => row(`  ${label.padEnd(NAMES)} `, help, line));
  return [
    forms.map(([form, summary]) => row(`ktg ${form}`.padEnd(width + 3), summary, line)).join('\n'),
    rows.join('\n'),
    ...(note === undefined ? [] : [wrapped(note, line).join('\n')]),
  ].join('\n\n');
}

/** Returns the option `--json` with the form of its output. */
export const jsonOption = (output: string): Option => ({
  type: 'boolean',
  help: `for programs: JSON instead of text\n${output}`,
});

const labelOf = (name: string, { value }: Option): string =>
  `--${name}${value === undefined ? '' : ` ${value}`}`;

/**
 * Returns a label with its text; further lines of the text start in the same column. A text that
 * has little room beside its label begins below it.
 */
function row(label: string, text: string, width: number): string {
  const own = label.trimEnd();
  const isLong = own.length > NAMES + 2 && own.startsWith('  ');
  if (isLong || width - label.length < NARROW) {
    const indent = isLong ? ' '.repeat(NAMES + 3) : NARROW_INDENT;
    const above = own.length > width ? wrapped(own, width) : [own];
    return [...above, ...wrapped(text, width - indent.length).map((each) => indent + each)].join(
      '\n',
    );
  }
  const lines = wrapped(text, width - label.length);
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
