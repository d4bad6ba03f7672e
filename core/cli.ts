import { parseArgs } from 'node:util';
import { LabError, messageOf } from './base/errors.ts';
import { terminalJson, terminalText } from './base/terminal-text.js';
import { type Command, Exit, exitUsage, WrongArguments } from './commands/command.ts';

interface Verb {
  readonly summary: string;
  readonly load: () => Promise<{ command: Command }>;
}

/** All verbs of `ktg` in the order of help. */
const verbs: Readonly<Record<string, Verb>> = {
  demo: {
    summary: 'train a first graph on built-in pictures, live',
    load: () => import('./commands/demo.ts'),
  },
  train: { summary: 'train one graph', load: () => import('./commands/train.ts') },
  pretrain: {
    summary: 'train a network alone, to be a frozen teacher',
    load: () => import('./commands/pretrain.ts'),
  },
  teacher: {
    summary: 'import a network of PyTorch as a teacher',
    load: () => import('./commands/teacher.ts'),
  },
  tour: {
    summary: 'run a small search and its five-seed re-run, live',
    load: () => import('./commands/tour.ts'),
  },
  search: { summary: 'search for the best graph', load: () => import('./commands/search.ts') },
  status: { summary: 'show what runs, and where', load: () => import('./commands/status.ts') },
  pause: { summary: 'pause a study', load: () => import('./commands/pause.ts') },
  resume: { summary: 'continue a study', load: () => import('./commands/resume.ts') },
  stop: { summary: 'stop a study', load: () => import('./commands/stop.ts') },
  slots: {
    summary: 'show or change the slots of each device',
    load: () => import('./commands/slots.ts'),
  },
  list: {
    summary: 'list studies, re-runs, pretrained networks',
    load: () => import('./commands/list.ts'),
  },
  show: { summary: 'show a study, a trial or a re-run', load: () => import('./commands/show.ts') },
  effects: {
    summary: 'show which gates and networks matter in a study',
    load: () => import('./commands/effects.ts'),
  },
  tag: {
    summary: 'tag a study or a trial, to find it again',
    load: () => import('./commands/tag.ts'),
  },
  note: {
    summary: 'write a note to a study or a trial',
    load: () => import('./commands/note.ts'),
  },
  rerun: {
    summary: 'train the best graph again over five seeds',
    load: () => import('./commands/rerun.ts'),
  },
  ablate: {
    summary: 'train a graph with one edge changed at a time',
    load: () => import('./commands/ablate.ts'),
  },
  export: { summary: 'write a study to one file', load: () => import('./commands/export.ts') },
  verify: {
    summary: 'train an exported bundle again and compare',
    load: () => import('./commands/verify.ts'),
  },
  import: {
    summary: 'import a study from a file',
    load: () => import('./commands/import.ts'),
  },
  data: {
    summary: 'see or choose the folder of data sets',
    load: () => import('./commands/data.ts'),
  },
  db: { summary: 'check, copy or shrink the lab file', load: () => import('./commands/db.ts') },
  serve: {
    summary: 'open the lab in a browser of this machine',
    load: () => import('./commands/serve.ts'),
  },
  graph: {
    summary: 'check, show or compare graph files',
    load: () => import('./commands/graph.ts'),
  },
  machines: {
    summary: 'train on servers and clusters too',
    load: () => import('./commands/machines.ts'),
  },
  agent: {
    summary: 'train on this machine for a lab elsewhere',
    load: () => import('./commands/agent.ts'),
  },
  engine: {
    summary: 'see, install or remove the fast engine',
    load: () => import('./commands/engine.ts'),
  },
  doctor: {
    summary: 'check what is installed and what is missing',
    load: () => import('./commands/doctor.ts'),
  },
};

/** The parts of help; a verb that stands in none is under the last. */
const named = {
  Start: ['demo', 'tour', 'train', 'pretrain', 'serve'],
  Search: ['search', 'pause', 'resume', 'stop', 'slots', 'rerun', 'ablate'],
  Look: ['status', 'list', 'show', 'effects', 'graph', 'tag', 'note'],
};
const grouped = Object.values(named).flat();
const groupOf: Readonly<Record<string, readonly string[]>> = {
  ...named,
  'Data and engine': Object.keys(verbs).filter((each) => !grouped.includes(each)),
};

let outputEnded = false;
for (const output of [process.stdout, process.stderr]) output.on('error', endOutput);

const status = await main(process.argv.slice(2));
process.exitCode ??= status;

/**
 * Handles a closed output (`ktg list | head`) or a full disk: pauses training as Ctrl-C does; a
 * command that is almost done ends silently.
 */
function endOutput({ code, message }: NodeJS.ErrnoException): void {
  if (outputEnded) return;
  outputEnded = true;
  if (code !== 'EPIPE') {
    complain(
      `The output cannot be written: ${message}.`,
      'Free some space, or send the output elsewhere.',
    );
    process.exitCode = Exit.failed;
  }
  process.emit('SIGINT');
}

async function main([name, ...rest]: string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h')
    return help(rest[0]);
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (!verb) return complain(`Unknown command "${name.slice(0, 60)}".`, 'See: ktg help');
  if (rest.includes('--help') || rest.includes('-h')) return help(name);
  try {
    const { command } = await verb.load();
    const { values, positionals } = parse(name, command, rest);
    return await command.run(values, positionals);
  } catch (error) {
    const { code, message, next } = error instanceof LabError ? error : bugOf(error);
    if (rest.includes('--json'))
      print(terminalJson(JSON.stringify({ error: { code, message, next } })));
    complain(message, next);
    return error instanceof WrongArguments || code.startsWith('arguments.')
      ? Exit.usage
      : Exit.failed;
  }
}

/** Returns an unexpected error as one line; KTG_DEBUG=1 also prints the stack. */
function bugOf(error: unknown): LabError {
  if (process.env.KTG_DEBUG === '1' && error instanceof Error) {
    process.stderr.write(`${terminalText(error.stack ?? '')}\n`);
  }
  const [first = ''] = messageOf(error).split('\n');
  return new LabError('ktg.bug', {
    message: `Unexpected error: ${first}.`.replace('..', '.'),
  });
}

function parse(name: string, command: Command, args: string[]): ReturnType<typeof parseArgs> {
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args, options: command.options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new LabError('arguments.unknown', {
      reason: messageOf(error).replace(/[.\n][^]*/, '.'),
      command: name,
    });
  }
  const extra = parsed.positionals[command.words];
  if (extra !== undefined)
    throw new LabError('arguments.too-many', { extra: extra.slice(0, 60), command: name });
  return parsed;
}

async function help(name: string | undefined): Promise<number> {
  // Only help needs these: other commands start without them.
  const [{ usageOf }, { terminalLines }] = await Promise.all([
    import('./commands/usage.ts'),
    import('./commands/terminal.ts'),
  ]);
  const verb = name !== undefined && Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (verb) {
    print(terminalLines(`${usageOf((await verb.load()).command)}\n\n${exitUsage}`));
    return Exit.done;
  }
  const width = Math.max(...Object.keys(verbs).map((each) => each.length));
  const groups = Object.entries(groupOf).map(([title, names]) => [
    title,
    ...names.map((each) => `  ktg ${each.padEnd(width)}  ${verbs[each]!.summary}`),
    '',
  ]);
  print(
    terminalLines(
      [
        'ktg - train networks that teach each other over gated edges',
        '',
        ...groups.flat(),
        'ktg help COMMAND shows its options.',
        exitUsage,
        'With --json a failure is also printed to the output, as {"error":{"code","message","next"}}.',
      ].join('\n'),
    ),
  );
  return name === undefined
    ? Exit.done
    : complain(`Unknown command "${name.slice(0, 60)}".`, 'See: ktg help');
}

function complain(message: string, next: string): number {
  const text = `ktg: ${message}${next === '' ? '' : `\n     ${next}`}`;
  process.stderr.write(`${terminalText(text)}\n`);
  return Exit.usage;
}

function print(text: string): void {
  process.stdout.write(`${terminalText(text)}\n`);
}
