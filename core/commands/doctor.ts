import { existsSync, statfsSync } from 'node:fs';
import { cpus, freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { LabError } from '../base/errors.ts';
import { findOfficial } from '../data/official.ts';
import { officialSources } from '../data/sets/sets.ts';
import { dataHome } from '../base/data-home.ts';
import { engineHome } from '../install/engine-home.ts';
import { type CudaProblem, diagnose } from '../devices/cuda-diagnosis.ts';
import { probeCuda } from '../devices/cuda-probe.ts';
import { kernelsFor, kernelWords, runsKernels } from '../devices/processor.ts';
import { checkKernels } from '../install/kernels.ts';
import { type LibraryStatus, libraryStatus, verifyLibrary } from '../install/library-status.ts';
import { IN_MEMORY } from '../host/open.ts';
import { checkLabFile } from '../store/file/check.ts';
import { nextOf } from '../base/command-words.ts';
import { DAMAGED } from '../base/problems/store.ts';
import { appVersion } from '../train/environment.ts';
import { type Command, Exit, type Values } from './command.ts';
import { labNamed, labOptions, withLab } from './lab-access.ts';
import { machineNamed, stateText } from './machines.ts';
import { counted, jsonLine, line } from './report.ts';
import { jsonOption } from './usage.ts';
import { textOf } from './values.ts';
import type { MachineView } from '../lab/api.ts';
import { launcherTitle } from '../study/machine.ts';

/** Bytes of free space below which data sets, engine or checkpoints may not fit. */
const LITTLE_SPACE = 2e9;

interface Finding {
  readonly what: string;
  readonly found: string;
  /** The next step; undefined when all is well. */
  readonly next?: string;
}

export const command: Command = {
  forms: [['doctor [options]', 'checks versions, engine, devices, data, the lab file and disks']],
  options: {
    machine: {
      type: 'string',
      value: 'NAME',
      help: 'checks another machine of an open lab instead of this one',
    },
    ...labOptions,
    json: jsonOption(
      'one object: {"findings":[{"what":...,"found":...,"next":...}]}; next is what to do',
    ),
  },
  note: 'Exit status 1 means that there is something to do.',
  words: 0,
  async run(values) {
    const machine = textOf(values, 'machine');
    const findings = machine === undefined ? await here(values) : await there(values, machine);
    const status = findings.some(({ next }) => next !== undefined) ? Exit.failed : Exit.done;
    if (values.json === true) {
      jsonLine({ findings });
      return status;
    }
    const width = Math.max(...findings.map(({ what }) => what.length));
    for (const { what, found, next } of findings) {
      line(`${what.padEnd(width)}  ${found}`);
      if (next !== undefined) line(`${' '.repeat(width)}  -> ${next}`);
    }
    return status;
  },
};

const here = async (values: Values): Promise<Finding[]> => [
  ...basics(),
  ...(await engines()),
  ...kernels(),
  ...graphicsCards(),
  ...(await data()),
  labFinding(labNamed(values)),
  ...disks(),
];

/**
 * What a lab knows of another machine.
 *
 * @throws LabError `agents.not-there`
 */
async function there(values: Values, name: string): Promise<Finding[]> {
  const machine = await withLab(values, 'look', (lab) => machineNamed(lab, name));
  const { problem, launcher, agents, jobs } = machine;
  const helps = machine.state === 'unreachable' || machine.state === 'needs-update';
  return [
    {
      what: machine.id,
      found: `${launcherTitle(launcher)}, ${stateText(machine)}`,
      ...(helps && !problem && { next: 'Check that it runs and that its network works.' }),
    },
    ...(problem ? [{ what: 'problem', found: problem.message, next: problem.next }] : []),
    ...jobs.map((job) => ({ what: `job ${job.job}`, found: `${job.state} ${job.reason}`.trim() })),
    ...agents.flatMap(agentFindings),
  ];
}

function agentFindings(agent: MachineView['agents'][number]): Finding[] {
  const { id, versions, data: sets, devices, roundTrip } = agent;
  return [
    ...(versions
      ? [
          { what: `${id}: ktg`, found: `${versions.app}, ${versions.runtime} on ${versions.host}` },
          { what: `${id}: engine`, found: versions.engine },
          { what: `${id}: driver`, found: versions.driver ?? 'none; its processor computes' },
        ]
      : []),
    { what: `${id}: data`, found: sets.join(', ') || 'none yet' },
    { what: `${id}: network`, found: roundTrip === null ? 'unknown' : `${roundTrip} ms` },
    ...devices.map(({ name, title, slots, obstacle }) => ({
      what: name,
      found: `${title}, ${counted(slots, 'slot')}`,
      ...(obstacle && { next: obstacle.next }),
    })),
  ];
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

function basics(): Finding[] {
  const [first] = cpus();
  return [
    { what: 'ktg', found: appVersion() },
    { what: 'node', found: `${process.versions.node}, ${process.platform} ${process.arch}` },
    { what: 'processor', found: `${cpus().length} x ${first?.model.trim() ?? 'unknown'}` },
    { what: 'memory', found: `${gib(freemem())} free of ${gib(totalmem())}` },
  ];
}

/**
 * Checks the libraries for processors and for cards. The latter computes on processors too, so one
 * of them is enough.
 */
async function engines(): Promise<Finding[]> {
  const what = 'engine';
  const all = [await verifyLibrary('cpu'), await verifyLibrary('gpu')];
  const ready = all.filter(({ state }) => state === 'ready');
  const broken = all.filter(({ state }) => state === 'damaged' || state === 'other-version');
  const findings: Finding[] = [
    ...ready.map(({ found, folder }) => ({ what, found: `${found} ${folder}` })),
    ...broken.map(({ found, steps }) => ({ what, found, next: nextOf(steps) })),
  ];
  if (ready.length > 0) return findings;
  const slowly = 'The portable engine is used, much more slowly.';
  const [{ found, steps }] = (broken.length > 0 ? broken : all) as [LibraryStatus];
  return [{ what, found: `${found} ${slowly}`, next: nextOf(steps) }, ...findings.slice(1)];
}

/** Checks whose kernels compute on this processor; nothing without TensorFlow. */
function kernels(): Finding[] {
  const what = 'kernels';
  const variant = (['cpu', 'gpu'] as const).find((each) => libraryStatus(each).state === 'ready');
  if (!variant) return [];
  const possible = runsKernels();
  if (!possible.norms)
    return [{ what, found: 'TensorFlow; those of KTG Lab need a processor with AVX-512 BF16' }];
  const problem = checkKernels(variant);
  return problem
    ? [{ what, found: `TensorFlow. ${problem.message}`, next: problem.next }]
    : [{ what, found: precisionsWith(possible) }];
}

/** `float32: KTG Lab (norms, convolutions); bfloat16: KTG Lab (norms, tiles)` */
const precisionsWith = (possible: { norms: boolean; tiles: boolean }): string =>
  (['float32', 'bfloat16'] as const)
    .map((each) => `${each}: ${kernelWords(kernelsFor(each, possible))}`)
    .join('; ');

/**
 * Checks the cards and the engine's access to them. A machine without a driver has no problem,
 * since its processor computes, unless the engine for cards is installed.
 */
function graphicsCards(): Finding[] {
  const probe = probeCuda();
  const what = 'graphics cards';
  if (probe.driver === null) {
    const [problem] = probe.engine === 'ready' ? diagnose(probe) : [];
    if (problem)
      return [
        { what, found: 'none, though the engine for cards is installed' },
        cudaFinding(problem),
      ];
    return [{ what, found: 'none found by nvidia-smi; the processor computes' }];
  }
  const cards = probe.cards.map(({ title }) => title).join('; ');
  const found = `${cards === '' ? 'none' : cards}, driver ${probe.driver}`;
  const problems = diagnose(probe);
  if (problems.length === 0) return [{ what, found: `${found}: the engine can use them` }];
  return [{ what, found }, ...problems.map(cudaFinding)];
}

const cudaFinding = ({ found, steps }: CudaProblem): Finding => ({
  what: 'CUDA',
  found,
  next: nextOf(steps),
});

async function data(): Promise<Finding[]> {
  const found = await Promise.all(
    officialSources.map(async (source) => [source.name, await findOfficial(source)] as const),
  );
  return found.map(([name, path]) => ({
    what: name,
    found: path ?? `not here; it is downloaded into ${dataHome()} when a run first asks for it`,
  }));
}

/** Checks the complete lab file: SQLite's own check, and rules that no constraint covers. */
function labFinding(file: string): Finding {
  const what = 'lab';
  if (file === IN_MEMORY || !existsSync(file))
    return { what, found: `none yet; ktg search makes ${file}` };
  try {
    const problems = checkLabFile(file);
    if (problems.length === 0) return { what, found: `${file}: sound` };
    return { what, found: `${file}: ${problems.join('; ')}`, next: nextOf(DAMAGED) };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { what, found: error.message, next: error.next };
  }
}

function disks(): Finding[] {
  return [
    ['cache', engineHome()] as const,
    ['data folder', dataHome()] as const,
    ['this folder', process.cwd()] as const,
  ].map(([what, path]) => {
    const { bavail, bsize } = statfsSync(nearest(path));
    const free = bavail * bsize;
    const found = `${path}, ${gib(free)} free`;
    return free > LITTLE_SPACE
      ? { what, found }
      : { what, found, next: 'Free some space on this disk.' };
  });
}

const nearest = (path: string): string => (existsSync(path) ? path : nearest(dirname(path)));
