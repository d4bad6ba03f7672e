import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcess } from './end-process.ts';
import { freePorts } from './ports.ts';

const nodes = [1, 2, 3];

/** Reason to skip tests with Slurm; false where a cluster can be started on this machine. */
export const noSlurm: string | false = ['slurmctld', 'slurmd', 'sbatch'].some(
  (name) => spawnSync('/bin/sh', ['-c', `command -v ${name}`]).status !== 0,
)
  ? 'NOT TESTED: machines of a cluster need Slurm (apt-get install slurmctld slurmd slurm-client)'
  : process.getuid?.() !== 0
    ? 'NOT TESTED: a Slurm cluster on one machine needs root'
    : false;

/**
 * Slurm with three nodes on this machine, without munge and control groups; jobs have `home` as
 * their home folder. Ends with the test.
 */
export async function slurmCluster(t: TestContext, folder: string, home: string): Promise<void> {
  const [controller, ...ports] = await freePorts(1 + nodes.length);
  writeFileSync(join(folder, 'slurm.key'), randomBytes(1024), { mode: 0o600 });
  writeFileSync(join(folder, 'cgroup.conf'), 'CgroupPlugin=disabled\n');
  mkdirSync(join(folder, 'state'));
  const here = hostname().split('.')[0]!;
  const configuration = join(folder, 'slurm.conf');
  writeFileSync(
    configuration,
    [
      ...['ClusterName=test', `SlurmctldHost=${here}(127.0.0.1)`, `SlurmctldPort=${controller}`],
      ...['AuthType=auth/slurm', 'CredType=cred/slurm', 'SlurmUser=root', 'SlurmdUser=root'],
      ...[`StateSaveLocation=${folder}/state`, `SlurmdSpoolDir=${folder}/spool-%n`],
      ...[`SlurmctldPidFile=${folder}/ctld.pid`, `SlurmdPidFile=${folder}/slurmd-%n.pid`],
      ...[`SlurmctldLogFile=${folder}/ctld.log`, `SlurmdLogFile=${folder}/slurmd-%n.log`],
      ...['ProctrackType=proctrack/linuxproc', 'TaskPlugin=task/none', 'KillWait=5'],
      ...['SelectType=select/cons_tres', 'SlurmdParameters=config_overrides', 'MpiDefault=none'],
      ...['JobAcctGatherType=jobacct_gather/none', 'AccountingStorageType=accounting_storage/none'],
      ...nodes.map(
        (n, at) =>
          `NodeName=n${n} NodeHostname=${here} NodeAddr=127.0.0.1 Port=${ports[at]} CPUs=4`,
      ),
      'PartitionName=main Nodes=ALL Default=YES MaxTime=1-0 State=UP',
    ].join('\n'),
  );
  useEnvironment(t, { SLURM_CONF: configuration, HOME: home, KTG_HOME: join(home, 'cache') });
  const daemons = new Set<ChildProcess>();
  let ending = false;
  // A daemon that ends by itself starts again, as a service does: on a busy machine some end early.
  const start = (program: string, ...args: string[]): void => {
    if (ending) return;
    const child = spawn(program, ['-D', '-f', configuration, ...args], { stdio: 'ignore' });
    daemons.add(child);
    child.once('exit', () => {
      daemons.delete(child);
      setTimeout(start, 200, program, ...args);
    });
  };
  start('slurmctld');
  for (const n of nodes) start('slurmd', '-N', `n${n}`);
  t.after(async () => {
    spawnSync('scancel', ['--me']);
    while (outputOf('squeue', '-h') !== '') await delay(100);
    ending = true;
    await Promise.all([...daemons].map((child) => endProcess(child)));
  });
  while (!/\bidle\b.* 3$/m.test(outputOf('sinfo', '-h', '-o', '%t %D'))) await delay(100);
}

/** What a command of Slurm prints. */
export const outputOf = (program: string, ...args: string[]): string =>
  spawnSync(program, args, { encoding: 'utf8' }).stdout;

function useEnvironment(t: TestContext, values: Record<string, string>): void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, values);
  t.after(() => {
    for (const [name, value] of before)
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
  });
}
