import type { ProblemTable } from './_base.ts';

export const filesProblems = {
  'bundle.contradiction': {
    message: ({
      name,
      variant,
      seed,
      accuracy,
      last,
    }: {
      name: string;
      variant: string;
      seed: number;
      accuracy: number;
      last: number | null;
    }) =>
      `${name} contradicts itself: the accuracy of ${variant}, seed ${seed}, is ` +
      `${percentText(accuracy)}, and its own curve ends with ${percentText(last)}.`,
    next: () => [
      'The file was changed after it was made. Ask its author for it again, or make it again.',
      { do: 'run-command', command: 'ktg export --rerun N --as bundle' },
    ],
  },
  'bundle.named-teacher': {
    message: ({ checkpoint }: { checkpoint: string }) =>
      `A frozen node loads the network ${checkpoint}, which only this lab has.`,
    next: () => ['Use the usual teacher of its architecture: then it can be trained again.'],
  },
  'bundle.no-result': {
    message: ({ name }: { name: string }) => `Re-run "${name}" has no result yet.`,
    next: () => ['Let one of its runs end first.'],
  },
  'bundle.other-data': {
    message: ({ data, expected, found }: { data: string; expected: string; found: string }) =>
      `The bundle was made with the data ${expected}; ${data} is ${found}.`,
    next: () => [{ do: 'give-option', example: '--data FOLDER' }],
  },
  'bundle.unreadable': {
    message: ({ name, what }: { name: string; what: string }) =>
      `${name} is no bundle of this version: ${what}.`,
    next: () => [{ do: 'run-command', command: 'ktg export --rerun N --as bundle' }],
  },
  'export.cannot-write': {
    message: ({ name, file, reason }: { name: string; file: string; reason: string }) =>
      `${name} cannot be written to ${file}: ${reason}`,
    next: () => ['Choose another place.', { do: 'give-option', example: '--out FILE' }],
  },
  'export.file-exists': {
    message: ({ file }: { file: string }) => `${file} exists; nothing was overwritten.`,
    next: () => ['Choose another name.', { do: 'give-option', example: '--out FILE' }],
  },
  'files.empty': {
    message: ({ path }: { path: string }) => `${path} is empty.`,
    next: () => ['Choose a file with content.'],
  },
  'files.incomplete': {
    message: ({ name, received, total }: { name: string; received: number; total: number }) =>
      `${name}: ${received} of ${total} bytes have arrived.`,
    next: () => ['Send the rest first.'],
  },
  'files.incomplete/export': {
    message: ({ name, offset, bytes }: { name: string; offset: number; bytes: number }) =>
      `${name}: ${offset} of ${bytes} bytes arrived.`,
    next: () => ['Export it again.'],
  },
  'files.lab-in-use': {
    message: ({ path }: { path: string }) => `${path} is a lab that is open, or was not closed.`,
    next: () => ['Choose another name for the copy.'],
  },
  'files.no-file': {
    message: ({ path }: { path: string }) => `${path} is neither a file nor a folder.`,
    next: () => ['Choose a file or a folder.'],
  },
  'files.no-folder': {
    message: ({ folder, reason }: { folder: string; reason: string }) =>
      `Uploads cannot be stored in ${folder}: ${reason}`,
    next: () => ['Create that folder, or set TMPDIR to another one and start the lab again.'],
  },
  'files.no-space': {
    message: ({ name, found }: { name: string; found: string }) =>
      `There is no room for ${name}: ${found}.`,
    next: () => [
      'Free some space and try again; uploads are stored in the folder that TMPDIR names.',
    ],
  },
  'files.out-of-order': {
    message: ({
      bytes,
      offset,
      received,
      total,
    }: {
      bytes: number;
      offset: number;
      received: number;
      total: number;
    }) =>
      `A chunk of ${bytes} bytes arrived for offset ${offset}; expected offset ${received} of ${total}.`,
    next: () => ['Send the file again from its beginning.'],
  },
  'files.relative-path': {
    message: ({ path }: { path: string }) => `"${path}" is not an absolute path.`,
    next: () => ['Give the path from the root.'],
  },
  'files.too-large': {
    message: ({ name, bytes, limit }: { name: string; bytes: number; limit: number }) =>
      `${name} has ${bytes} bytes, more than ${limit}.`,
    next: () => [{ do: 'use-terminal' }],
  },
  'files.too-many': {
    message: ({ count }: { count: number }) => `${count} uploads are already running.`,
    next: () => ['Try again when one has ended.'],
  },
  'files.too-many/folder': {
    message: ({ name, limit }: { name: string; limit: number }) =>
      `The folder ${name} holds more than ${limit} files.`,
    next: () => ['Drop the folder that the files of the data set are in.'],
  },
  'files.too-slow': {
    message: ({ seconds }: { seconds: number }) =>
      `Reading the file took longer than ${seconds} s and was ended.`,
    next: () => ['Check the file and its disk, then try again.'],
  },
  'files.unknown': {
    message: () => 'This upload does not exist; it may have expired.',
    next: () => ['Send the file again.'],
  },
  'files.unreadable': {
    message: ({ path, reason }: { path: string; reason: string }) =>
      `${path} cannot be read: ${reason}`,
    next: () => ['Choose a file that exists and that you may read.'],
  },
  'files.unreadable/changed': {
    message: ({ name }: { name: string }) =>
      `${name} can no longer be read: it was changed or removed, or its disk is gone.`,
    next: () => ['Choose it again.'],
  },
  'files.unreadable/entry': {
    message: ({ name }: { name: string }) => `${name} cannot be read.`,
    next: () => ['Check its permissions.'],
  },
  'import.bad-record': {
    message: ({ line, what }: { line: number; what: string }) =>
      `Line ${line} of the study file: ${what}.`,
    next: () => ['Nothing was imported.'],
  },
  'import.damaged': {
    message: () => 'The content of the file does not match the SHA-256 at its end.',
    next: () => ['Copy or export it again; nothing was imported.'],
  },
  'import.multi-objective': {
    message: ({ study, objectives }: { study: string; objectives: number }) =>
      `The study "${study}" of Optuna has ${objectives} objectives, expected one accuracy or error.`,
    next: () => ['Only a study with one objective can be imported.'],
  },
  'import.no-such-study': {
    message: ({ file, wanted, listed }: { file: string; wanted: string; listed: string }) =>
      `${file} holds no study "${wanted}"; it holds ${listed}.`,
    next: () => ['Name one of them.'],
  },
  'import.not-a-graph-search': {
    message: ({ what }: { what: string }) =>
      `This study of Optuna is not a search of knowledge transfer graphs: ${what}.`,
    next: () => ["The lab imports only files of the authors' published code."],
  },
  'import.not-a-study': {
    message: () => 'This is not a study file: its header is wrong.',
    next: () => ['Choose a file that was made by export, or the SQLite file of an Optuna study.'],
  },
  'import.not-optuna': {
    message: ({ file, what }: { file: string; what: string }) =>
      `${file}: ${what}, expected a study of Optuna.`,
    next: () => ['Choose the SQLite file that Optuna wrote, such as optuna.db.'],
  },
  'import.not-optuna/direction': {
    message: ({ study }: { study: string }) =>
      `The study "${study}" has no direction (minimize or maximize).`,
    next: () => ['Choose the SQLite file that Optuna wrote, such as optuna.db.'],
  },
  'import.one-study': {
    message: ({ path, study }: { path: string; study: string }) =>
      `${path} is not an SQLite file of Optuna, so it contains no study "${study}" to choose.`,
    next: () => ['Import it without naming a study.'],
  },
  'import.optuna-journal': {
    message: () =>
      'This is a journal log of Optuna, not a study file: only SQLite files of Optuna can be imported.',
    next: () => ['Copy the study into an SQLite file with optuna.copy_study, and import that.'],
  },
  'import.several-studies': {
    message: ({ file, count, listed }: { file: string; count: number; listed: string }) =>
      `${file} holds ${count} studies of Optuna: ${listed}.`,
    next: () => [{ do: 'choose-study' }],
  },
  'import.too-long': {
    message: ({ most }: { most: number }) => `A line is longer than ${most} bytes.`,
    next: () => ['This is not a study file of this lab.'],
  },
  'import.truncated': {
    message: () => 'The file ends in the middle of the study.',
    next: () => ['Copy or export it again; nothing was imported.'],
  },
  'import.whole-lab': {
    message: ({ file }: { file: string }) => `${file}: this is a lab file, expected one study.`,
    next: () => [{ do: 'open-lab' }],
  },
  'import.wrong-version': {
    message: ({ version, known }: { version: string; known: string }) =>
      `The study file has version ${version}, this program reads versions ${known}.`,
    next: () => ['Install the version of the program that wrote it.'],
  },
} satisfies ProblemTable;

/** Four decimals tell apart what two would show as the same number. */
const percentText = (fraction: number | null): string =>
  fraction === null ? 'no number' : `${(100 * fraction).toFixed(4)} %`;
