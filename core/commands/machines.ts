import { LabError } from '../base/errors.ts';
import type { MachineView, NewLauncher } from '../lab/api.ts';
import { launcherTitle } from '../study/machine.ts';
import { asWrongArguments, type Command, Exit, type Values } from './command.ts';
import { labOptions, type UsedLab, withLab } from './lab-access.ts';
import { counted, jsonLine, line, messageWithNext, remark, span } from './report.ts';
import { jsonOption } from './usage.ts';
import { integerOption, nameOf, textOf } from './values.ts';
import { table } from './words.ts';

const verbs = ['list', 'add', 'drain', 'undrain', 'pause', 'start', 'log', 'remove'] as const;
type Verb = (typeof verbs)[number];

const ways = ['ssh', 'slurm', 'command'] as const;

export const command: Command = {
  forms: [
    ['machines [list] [options]', 'shows the other machines of a lab and their states'],
    ['machines add ssh USER@HOST [options]', 'lets a server train; ssh reaches it with a key'],
    ['machines add slurm [options]', 'lets jobs of a cluster train, as many as there is work for'],
    ['machines add command [options]', 'prints the one line that starts an agent anywhere'],
    ['machines drain|undrain NAME', 'takes no more runs on a machine, or takes them again'],
    ['machines pause NAME', 'as drain, and its runs continue elsewhere'],
    ['machines start|log|remove NAME', 'starts its agent again, shows its log, or forgets it'],
  ],
  arguments: {
    'USER@HOST': 'as in "ssh USER@HOST", or an alias of your ssh configuration',
    NAME: 'name or id of a machine',
  },
  options: {
    name: { type: 'string', value: 'NAME', help: 'add: name of the machine; default its host' },
    address: {
      type: 'string',
      value: 'A',
      help:
        'add command, slurm: address of this machine (slurm with --host: of the login node) that ' +
        'agents dial, over TLS; default: agents run on this machine',
    },
    host: { type: 'string', value: 'U@H', help: 'add slurm: login node; default this machine' },
    partition: { type: 'string', value: 'P', help: 'add slurm: partition; default the usual one' },
    account: { type: 'string', value: 'A', help: 'add slurm: account; default the usual one' },
    gpus: { type: 'string', value: 'N', help: 'add slurm: cards of each job (1)' },
    cpus: { type: 'string', value: 'N', help: 'add slurm: processors of each job (4)' },
    time: { type: 'string', value: 'T', help: 'add slurm: time limit of each job (12:00:00)' },
    min: { type: 'string', value: 'N', help: 'add slurm: jobs while nothing waits (0)' },
    max: { type: 'string', value: 'N', help: 'add slurm: jobs at most (4)' },
    ...labOptions,
    json: jsonOption(
      'list: {"machines":[...]}; add: {"name":...,"pairing":...,"command":...}; ' +
        'others: {"machine":...}',
    ),
  },
  note:
    'Slots of other machines are set with ktg slots NAME/gpu:0=2. A pairing file is a key: copy it ' +
    'over ssh only, and remove the machine when it is lost. Unused ones expire after 30 days.',
  words: 3,
  async run(values, [verb = 'list', first, second]) {
    if (!isVerb(verb))
      throw new LabError('arguments.missing/machines', { verbs: verbs.join(', ') });
    if (verb === 'list') return withLab(values, 'look', async (lab) => list(lab, values));
    if (verb === 'add')
      return withLab(values, 'make', async (lab) => add(lab, values, first, second));
    return withLab(values, 'change', async (lab) => change(lab, values, verb, first));
  },
};

const isVerb = (word: string): word is Verb => (verbs as readonly string[]).includes(word);

async function list({ api }: UsedLab, values: Values): Promise<number> {
  const machines = await api.request('machines.list', {});
  if (values.json === true) jsonLine({ machines });
  else if (machines.length === 0) line('No other machines. See: ktg help machines');
  else
    for (const text of table([
      ['machine', 'state', 'reached by', 'devices', ''],
      ...machines.map((machine) => [
        machine.id,
        stateText(machine),
        launcherTitle(machine.launcher),
        devicesText(machine),
        machine.problem ? messageWithNext(machine.problem) : '',
      ]),
    ]))
      line(text);
  return Exit.done;
}

async function add(
  { api, elsewhere }: UsedLab,
  values: Values,
  way: string | undefined,
  host: string | undefined,
): Promise<number> {
  const launcher = launcherOf(values, way, host);
  const name = nameOf(values) ?? host ?? way ?? '';
  let added;
  try {
    added = await api.request('machines.add', { name, launcher });
  } catch (error) {
    throw error instanceof LabError && error.code === 'lab.bad-input'
      ? asWrongArguments(error)
      : error;
  }
  const { machine, pairing, command: text } = added;
  if (values.json === true) jsonLine({ name: machine.id, pairing, command: text });
  else if (launcher.kind === 'command') line(text);
  else line(`${machine.id} was added: ${launcherTitle(machine.launcher)}.`);
  if (!elsewhere && values.json !== true)
    remark('ktg: its runs begin when the lab is open, as with ktg serve or ktg search.');
  return Exit.done;
}

function launcherOf(
  values: Values,
  way: string | undefined,
  host: string | undefined,
): NewLauncher {
  const address = textOf(values, 'address');
  switch (way) {
    case 'command':
      return { kind: 'command', ...(address !== undefined && { address }) };
    case 'ssh':
      if (host === undefined) throw new LabError('arguments.missing/host');
      return { kind: 'ssh', host };
    case 'slurm':
      return {
        kind: 'slurm',
        host: textOf(values, 'host') ?? host ?? null,
        ...(address !== undefined && { address }),
        partition: textOf(values, 'partition') ?? null,
        account: textOf(values, 'account') ?? null,
        gpus: integerOption(values, 'gpus', 1, 0, 64),
        cpus: integerOption(values, 'cpus', 4, 1, 1024),
        time: textOf(values, 'time') ?? '12:00:00',
        least: integerOption(values, 'min', 0, 0, 200),
        most: integerOption(values, 'max', 4, 1, 200),
      };
    default:
      throw new LabError('arguments.missing/way', { ways: ways.join(', ') });
  }
}

async function change(
  lab: UsedLab,
  values: Values,
  verb: Exclude<Verb, 'list' | 'add'>,
  name: string | undefined,
): Promise<number> {
  const { api } = lab;
  const { id: machine } = await machineNamed(lab, name ?? '');
  if (verb === 'log') {
    const { text } = await api.request('machines.log', { machine });
    if (values.json === true) jsonLine({ machine, log: text });
    else line(text.trimEnd());
    return Exit.done;
  }
  if (verb === 'remove') await api.request('machines.remove', { machine });
  else if (verb === 'pause' || verb === 'start') await api.request(`machines.${verb}`, { machine });
  else await api.request('machines.drain', { machine, on: verb === 'drain' });
  if (values.json === true) jsonLine({ machine });
  else line(`${machine}: ${doneTexts[verb]}.`);
  return Exit.done;
}

const doneTexts = {
  drain: 'takes no more runs',
  undrain: 'takes runs again',
  pause: 'takes no more runs; its runs continue elsewhere',
  start: 'is started',
  remove: 'was removed',
} as const;

/**
 * Finds another machine of a lab by its id or name.
 *
 * @throws LabError `agents.not-there`
 */
export async function machineNamed(
  { api }: Pick<UsedLab, 'api'>,
  name: string,
): Promise<MachineView> {
  const machines = await api.request('machines.list', {});
  const found = machines.find((each) => each.id === name || each.name === name);
  if (!found) throw new LabError('agents.not-there', { name });
  return found;
}

/** State in words, with a cluster's reason for waiting or the end of its jobs. */
export function stateText({ state, jobs }: MachineView): string {
  const waiting = jobs.find((job) => job.state === 'waiting');
  const ends = jobs.flatMap(({ timeLeft }) => timeLeft ?? []).sort((a, b) => a - b)[0];
  const words = state.replace('-', ' ');
  if (state === 'waiting' && waiting) return `${words} (${waiting.reason || 'no reason given'})`;
  return ends === undefined ? words : `${words}, a job ends in ${span(ends)}`;
}

const devicesText = ({ agents }: MachineView): string =>
  agents
    .flatMap(({ devices }) => devices)
    .map(({ title, slots }) => `${title}: ${counted(slots, 'slot')}`)
    .join('; ') || '-';
