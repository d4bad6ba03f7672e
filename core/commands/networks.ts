import { modelForms, modelNames } from '../models/architecture.ts';

/** Columns of a usage text: begin and end of the help. */
const INDENT = 20;
const WIDTH = 100;

/** Returns the rows of a usage text about the networks that `label` accepts. */
export const networkUsage = (label: string): string =>
  `  ${label}`.padEnd(INDENT) +
  wrapped(`${modelNames.join(', ')}; any ${modelForms}`).join(`\n${' '.repeat(INDENT)}`);

/** Wraps words into lines between the two columns. */
function wrapped(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line.length + 1 + word.length > WIDTH - INDENT) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
