import type { Step } from '../actions.ts';
import type { ProblemTable } from './_base.ts';

/** What to do about a file that is not what it was. */
export const DAMAGED: readonly Step[] = [
  'Keep a copy of the file and continue from a backup.',
  { do: 'export-studies' },
];

/** For an id that no record has. */
const unknown = (what: string) => ({
  message: ({ id }: { id: number }) => `There is no ${what} ${id}.`,
  next: () => ['It may have been removed: check the list.'],
});

export const storeProblems = {
  'store.being-made': {
    message: ({ file }: { file: string }) => `${file}: another program is creating this lab.`,
    next: () => ['Try again in a moment.'],
  },
  'store.busy': {
    message: ({ file, reason }: { file: string; reason: string }) =>
      `${file}: another process holds the file (${reason}).`,
    next: () => ['Close the other program and try again.'],
  },
  'store.cannot-open/folder': {
    message: ({ file }: { file: string }) => `${file}: this is a folder, expected a lab file.`,
    next: () => ['Choose a file in it.'],
  },
  'store.cannot-open/home': {
    message: ({ file, reason }: { file: string; reason: string }) =>
      `${file}: its folder cannot be created: ${reason}.`,
    next: () => ['Point KTG_LAB to a file whose folder can be created.'],
  },
  'store.cannot-open/links': {
    message: ({ file, links }: { file: string; links: number }) =>
      `${file}: this file has ${links} hard links; a lab file may have only one.`,
    next: () => ['Copy it under a name of its own.'],
  },
  'store.cannot-open/new': {
    message: ({ path, reason }: { path: string; reason: string }) =>
      `${path}: the file cannot be created (${reason}).`,
    next: () => ['Check that its folder exists and may be written to.'],
  },
  'store.cannot-open/no-file': {
    message: ({ file }: { file: string }) => `${file}: there is no such file.`,
    next: () => ['Check the path.'],
  },
  'store.cannot-open/no-folder': {
    message: ({ file }: { file: string }) => `${file}: its folder does not exist.`,
    next: () => ['Create the folder first.'],
  },
  'store.cannot-open/not-a-file': {
    message: ({ file }: { file: string }) =>
      `${file}: this is not an ordinary file, expected a lab file.`,
    next: () => ['Choose another name.'],
  },
  'store.cannot-open/refused': {
    message: ({ file, reason }: { file: string; reason: string }) =>
      `${file}: the file cannot be opened or created (${reason}).`,
    next: () => ['Check that its folder exists and may be written to.'],
  },
  'store.cannot-open/unreachable': {
    message: ({ file, reason }: { file: string; reason: string }) =>
      `${file}: the path cannot be reached (${reason}).`,
    next: () => ['Choose an existing file, or a new name.'],
  },
  'store.checkpoint-damaged': {
    message: ({ id, what }: { id: number; what: string }) => `Checkpoint ${id}: ${what}.`,
    next: () => ['The run continues from an earlier checkpoint, or starts again.'],
  },
  'store.damaged': {
    message: ({ table, row, what }: { table: string; row: string | number; what: string }) =>
      `${table} ${row} of the lab file cannot be read: ${what}.`,
    next: () => ['The rest of the lab can be used.', ...DAMAGED],
  },
  'store.damaged/run': {
    message: ({ reason, whose }: { reason: string; whose: string }) =>
      `${reason} It belongs to ${whose}.`,
    next: () => ['The rest of the lab can be used.', ...DAMAGED],
  },
  'store.damaged/file': {
    message: ({ file, reason }: { file: string; reason: string }) =>
      `${file}: the file is damaged (${reason}).`,
    next: () => [...DAMAGED, 'A check lists what is wrong.', { do: 'check-lab-file' }],
  },
  'store.decided': {
    message: ({ run, rung }: { run: number; rung: number }) =>
      `Run ${run} was already decided at epoch ${rung} or is no trial; decisions are final.`,
    next: () => ['Nothing was changed.'],
  },
  'store.deleted': {
    message: ({ path }: { path: string }) =>
      `${path} was deleted while this lab had it open; nothing more is recorded.`,
    next: ({ copy }: { copy: string }) => [
      `This program still has the content until it ends: ${copy}.`,
    ],
  },
  'store.deleted/copied': {
    message: ({ message }: { message: string }) => message,
    next: ({ copy }: { copy: string }) => [
      `Its content up to that moment is in ${copy}: rename that file, or open it there.`,
      { do: 'give-option', example: `--lab ${copy}` },
    ],
  },
  'store.deleted/not-copied': {
    message: ({ message }: { message: string }) => message,
    next: ({ copy, reason }: { copy: string; reason: string }) => [
      `It could not be copied to ${copy}: ${reason}`,
    ],
  },
  'store.disk-failure': {
    message: ({ file, reason }: { file: string; reason: string }) =>
      `${file}: the disk refused to read or write (${reason}).`,
    next: () => ['Check the disk and the folder permissions.'],
  },
  'store.disk-full': {
    message: ({ file, reason }: { file: string; reason: string }) =>
      `${file}: no space is left on the disk; the change was not made (${reason}).`,
    next: () => ['Free some space and resume.'],
  },
  'store.duplicate-rejection': {
    message: ({ draw, trial }: { draw: number; trial: number }) =>
      `Draw ${draw} of trial ${trial} was already rejected; expected one rejection a draw.`,
    next: () => ['Nothing was changed.'],
  },
  'store.duplicate-run': {
    message: ({ kind, number }: { kind: string; number: number }) =>
      `There is already a ${kind} ${number}; expected a number that is still free.`,
    next: () => ['Nothing was changed.'],
  },
  'store.empty': {
    message: ({ file }: { file: string }) => `${file}: the file is empty and not a lab yet.`,
    next: () => ['Open another file, or start a search in this one.'],
  },
  'store.epoch-order': {
    message: ({ run, epoch }: { run: number; epoch: number }) =>
      `Run ${run} cannot record epoch ${epoch} now; expected the one after its last.`,
    next: () => ['Nothing was changed.'],
  },
  'store.file-exists': {
    message: ({ path }: { path: string }) =>
      `${path}: the file exists; a backup never overwrites one.`,
    next: () => ['Choose another name.'],
  },
  'store.foreign-file': {
    message: ({
      file,
      application,
      tables,
    }: {
      file: string;
      application: number;
      tables: number;
    }) =>
      `${file}: this SQLite database was made by another program (application ` +
      `${application}, ${tables} tables and indices), expected a lab file.`,
    next: () => [
      'Choose a lab file, or a name that does not exist yet. Studies of Optuna are imported, not opened.',
    ],
  },
  'store.foreign-file/no-database': {
    message: ({ file, reason }: { file: string; reason: string }) =>
      `${file}: this is not a lab file (no SQLite database) (${reason}).`,
    next: () => ['Choose a lab file, or a name that does not exist yet.'],
  },
  'store.foreign-schema': {
    message: ({ file, what, version }: { file: string; what: string; version: number }) =>
      `${file}: ${what} (schema ${version}). Another program has changed this file; nothing in it was run.`,
    next: () => ['Do not open this file if you do not trust its source; otherwise use a backup.'],
  },
  'store.migration-failed': {
    message: ({
      file,
      next,
      count,
      table,
      version,
    }: {
      file: string;
      next: number;
      count: number;
      table: string;
      version: number;
    }) =>
      `${file}: the step to schema ${next} left ${count} broken references, first in ` +
      `${table}; the file stays at schema ${version}.`,
    next: () => ['Keep the file as it is, check it and report this.', { do: 'check-lab-file' }],
  },
  'store.moved': {
    message: ({ path, place }: { path: string; place: string }) =>
      `${path} was moved${place} while this lab had it open; nothing more is recorded.`,
    next: ({ copy }: { copy: string }) => [
      `Move it back and resume, or end this program and open the file where it is now; or ${copy}.`,
    ],
  },
  'store.network-folder': {
    message: ({ folder, network }: { folder: string; network: string }) =>
      `${folder}: a network folder (${network}), where two computers could damage a lab file.`,
    next: () => [{ do: 'keep-lab-local' }],
  },
  'store.newer-schema': {
    message: ({ file, version, known }: { file: string; version: number; known: number }) =>
      `${file}: the file has schema ${version}, this program knows schemas up to ${known}.`,
    next: () => [
      'Install the newer version of the program that wrote it; the file was not changed.',
    ],
  },
  'store.no-file': {
    message: () => 'A lab in memory has no file to copy.',
    next: () => ['Export the studies that you want to keep.'],
  },
  'store.older-schema': {
    message: ({ file, schema, known }: { file: string; schema: number; known: number }) =>
      `${file}: the file has schema ${schema}, this program reads schema ${known} and may not change the file now.`,
    next: () => ['Close the other lab, then open the file for writing once.'],
  },
  'store.older-schema/large': {
    message: ({ file, schema, known }: { file: string; schema: number; known: number }) =>
      `${file}: the file has schema ${schema}, this program reads schema ${known}, and the file is too large to be copied for reading.`,
    next: ({ file }: { file: string }) => [
      'Bring the file to the newest schema; a copy of the old one is kept beside it.',
      { do: 'run-command', command: `ktg db vacuum --lab ${file}` },
    ],
  },
  'store.read-only': {
    message: ({ file, reason }: { file: string; reason: string }) =>
      `${file}: the file is open for reading only (${reason}).`,
    next: () => ['Close the other lab or change the permissions of the file and its folder.'],
  },
  'store.read-only-folder': {
    message: ({ path }: { path: string }) =>
      `${path}: the file is not writable, and a lab keeps its log beside its file.`,
    next: () => ['Change the permissions, or copy the lab file to a folder of your own.'],
  },
  'store.unknown-attempt': unknown('attempt'),
  'store.unknown-checkpoint': unknown('checkpoint'),
  'store.unknown-decision': unknown('decision'),
  'store.unknown-environment': unknown('environment'),
  'store.unknown-epoch': unknown('epoch'),
  'store.unknown-graph': unknown('graph'),
  'store.unknown-log': unknown('log entry'),
  'store.unknown-pretrained': unknown('pretrained'),
  'store.unknown-rejection': unknown('rejection'),
  'store.unknown-rerun': unknown('re-run'),
  'store.unknown-run': unknown('run'),
  'store.unknown-setting': unknown('setting'),
  'store.unknown-study': unknown('study'),
} satisfies ProblemTable;
