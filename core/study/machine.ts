import * as v from 'valibot';
import { timeSchema, whole } from './fields.ts';
import { machineIdSchema, machineNameSchema } from './pairing.ts';

/**
 * A host as ssh takes it: `user@server`, or an alias of the user's own configuration. It never
 * begins with a dash, which ssh would take for an option.
 */
const sshHostSchema = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*(@[A-Za-z0-9_[][A-Za-z0-9_.:%[\]-]*)?$/),
  v.maxLength(300),
);

/** Name or address under which other machines reach this one. */
const addressSchema = v.pipe(
  v.string(),
  v.maxLength(255),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._:-]*$/),
);

/** A word of Slurm: partition, account, quality of service, a list of resources. */
const slurmWord = v.pipe(v.string(), v.maxLength(200), v.regex(/^[A-Za-z0-9_][\w.,:=+-]*$/));

/** Time limit of a job as Slurm writes it: `90` minutes, `12:00:00`, `2-00:00:00`. */
const slurmTime = v.pipe(v.string(), v.regex(/^(\d{1,3}-)?\d{1,5}(:\d{1,2}){0,2}$/));

const port = whole(1, 65_535);

/** What a person says of jobs in Slurm. */
const slurmEntries = {
  /** Login node that takes `sbatch`; null where that is this machine. */
  host: v.nullable(sshHostSchema),
  partition: v.nullable(slurmWord),
  account: v.nullable(slurmWord),
  /** Cards of a job; 0 trains on its processors. */
  gpus: whole(0, 64),
  cpus: whole(1, 1024),
  time: slurmTime,
  /** Jobs while nothing waits, and jobs at most. */
  least: whole(0, 200),
  most: whole(1, 200),
};

/** One agent that a person starts anywhere, by hand or with another scheduler. */
const commandSchema = v.strictObject({
  kind: v.literal('command'),
  /** Address of this machine that the agent dials; null for its loopback. */
  address: v.nullable(addressSchema),
});

/** A server that the lab reaches with ssh. */
const sshSchema = v.strictObject({
  kind: v.literal('ssh'),
  host: sshHostSchema,
  /** Port on the server's loopback that leads back to the lab. */
  port,
});

/** Up to `most` jobs of one kind in Slurm; each is one agent with the cards of its job. */
const slurmSchema = v.pipe(
  v.strictObject({
    kind: v.literal('slurm'),
    ...slurmEntries,
    /** Port on the login node that leads back to the lab; null where that is this machine. */
    port: v.nullable(port),
    /**
     * How compute nodes reach the lab: an address of this machine or of the login node; null where
     * they are this machine.
     */
    address: v.nullable(addressSchema),
  }),
  v.check(
    ({ least, most }) => least <= most,
    'Expected at most as many jobs as the largest number.',
  ),
);

/** How agents of a machine are started. */
export const launcherSchema = v.variant('kind', [commandSchema, sshSchema, slurmSchema]);
export type MachineLauncher = v.InferOutput<typeof launcherSchema>;
export type SshLauncher = v.InferOutput<typeof sshSchema>;
export type SlurmLauncher = v.InferOutput<typeof slurmSchema>;

/** Another machine, or a group of jobs of a cluster, that trains for this lab. */
export const machineSchema = v.strictObject({
  id: machineIdSchema,
  name: machineNameSchema,
  launcher: launcherSchema,
  /** Takes no more runs. */
  drained: v.boolean(),
  createdAt: timeSchema,
});
export type Machine = v.InferOutput<typeof machineSchema>;

/** What a person asks for; the lab chooses ports. */
export const newLauncherSchema = v.variant('kind', [
  v.strictObject({
    kind: v.literal('command'),
    /** Address of this machine that the agent dials; default: only this machine. */
    address: v.exactOptional(addressSchema),
  }),
  v.strictObject({ kind: v.literal('ssh'), host: sshHostSchema }),
  v.strictObject({
    kind: v.literal('slurm'),
    ...slurmEntries,
    address: v.exactOptional(addressSchema),
  }),
]);
export type NewLauncher = v.InferOutput<typeof newLauncherSchema>;

/**
 * Makes an id from a name: lower-case letters, digits and dashes, different from the `taken` ones.
 */
export function machineIdFor(name: string, taken: ReadonlySet<string>): string {
  const base =
    name
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 24) || 'machine';
  for (let n = 1; ; n++) {
    const id = n === 1 ? base : `${base}-${n}`;
    if (!taken.has(id)) return id;
  }
}

/** Says in a few words how a machine is reached. */
export const launcherTitle = (launcher: MachineLauncher): string => {
  if (launcher.kind === 'command') return 'by hand';
  if (launcher.kind === 'ssh') return `ssh ${launcher.host}`;
  const where = launcher.host === null ? '' : ` on ${launcher.host}`;
  return `Slurm${where}${launcher.partition === null ? '' : `, partition ${launcher.partition}`}`;
};
