import { resolve } from 'node:path';
import { LabError } from '../base/errors.ts';
import { checkLabFile } from '../store/file/check.ts';
import { nextOf } from '../base/command-words.ts';
import { DAMAGED } from '../base/problems/store.ts';
import { type Command, Exit } from './command.ts';
import { labOptions, labToRead, withLab } from './lab-access.ts';
import { jsonLine, line, size } from './report.ts';
import { jsonOption } from './usage.ts';

export const command: Command = {
  forms: [
    ['db check [options]', 'checks the complete lab file'],
    ['db backup FILE [options]', 'copies it, also while it is in use'],
    ['db vacuum [options]', 'returns unused space to the disk'],
  ],
  options: {
    ...labOptions,
    json: jsonOption(
      'check: {"problems":[...]}; backup: {"file":...}; ' +
        'vacuum: {"before":...,"after":...} in bytes',
    ),
  },
  note:
    'The check ends with exit status 1 when it finds a problem. ' +
    'It also reads a damaged file that no lab can open.',
  words: 2,
  async run(values, [what, file]) {
    const json = values.json === true;
    switch (what) {
      case 'check':
        return check(labToRead(values), json);
      case 'backup': {
        if (file === undefined) throw new LabError('arguments.no-file/backup');
        return withLab(values, 'look', async ({ api }) => {
          await api.request('lab.backup', { path: resolve(file) });
          if (json) jsonLine({ file: resolve(file) });
          else line(`Copied to ${resolve(file)}`);
          return Exit.done;
        });
      }
      case 'vacuum':
        return withLab(values, 'change', async ({ api }) => {
          const before = (await api.request('lab.status', {})).sizes.total;
          const after = (await api.request('lab.compact', {})).total;
          if (json) jsonLine({ before, after });
          else line(`${size(before)} before, ${size(after)} now`);
          return Exit.done;
        });
      default:
        throw what === undefined
          ? new LabError('arguments.unknown-choice/no-verb')
          : new LabError('arguments.unknown-choice/verb', { verb: what.slice(0, 40) });
    }
  },
};

/** Reads the file itself, whoever holds it: a damaged file would not open as a lab. */
function check(file: string, json: boolean): number {
  const problems = checkLabFile(file);
  if (json) jsonLine({ problems });
  else if (problems.length === 0) line(`${file} is sound.`);
  else for (const text of [...problems, '', nextOf(DAMAGED)]) line(text);
  return problems.length === 0 ? Exit.done : Exit.failed;
}
