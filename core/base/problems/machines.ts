import type { Step } from '../actions.ts';
import type { ProblemTable } from './_base.ts';

const newPairing = (id: string): readonly Step[] => [
  'Make a new pairing in the lab, and start the agent with it.',
  { do: 'run-command', command: `ktg machines remove ${id}` },
  { do: 'run-command', command: `ktg machines add command --name ${id}` },
];

export const machinesProblems = {
  'machines.broker-does-not-start': {
    message: ({ place, words, log }: { place: string; words: string; log: string }) =>
      `The message broker of this lab does not answer on ${place}: ${words} (log: ${log}).`,
    next: () => [
      'End the program that uses this address, or remove the machines and add them again.',
      'Studies continue on this machine.',
    ],
  },
  'machines.broker-folder': {
    message: ({ folder, reason }: { folder: string; reason: string }) =>
      `The folder ${folder} of the message broker cannot be used: ${reason}.`,
    next: () => ['Make it writable for you alone.', 'Studies continue on this machine.'],
  },
  'machines.broker-too-old': {
    message: ({ path, found, needed }: { path: string; found: string; needed: string }) =>
      `${path} is nats-server ${found}; version ${needed} or newer is needed.`,
    next: () => ['Point KTG_NATS to a newer one, or leave KTG_NATS out to download it.'],
  },
  'machines.agent-runs': {
    message: ({ name, pid }: { name: string; pid: number }) =>
      `An agent for ${name} runs on this machine already (process ${pid}).`,
    next: () => ['End it first.'],
  },
  'machines.bad-pairing/file': {
    message: ({ file, reason }: { file: string; reason: string }) =>
      `${file} is no pairing file of this version: ${reason}.`,
    next: () => ['Copy it again from the lab, or add the machine again.'],
  },
  'machines.bad-pairing/rights': {
    message: ({ file }: { file: string }) =>
      `Other users can read the pairing file ${file}, so its key is no longer secret.`,
    next: ({ file }: { file: string }) => [
      { do: 'run-command', command: `chmod 600 ${file}` },
      'If others use this machine, remove the machine in the lab and add it again.',
    ],
  },
  'machines.bad-pairing/plain': {
    message: ({ file, name }: { file: string; id: string; name: string }) =>
      `The pairing file ${file} of ${name} is of an older version and holds no certificate, so ` +
      'its agent could not tell the lab from another program.',
    next: ({ id }: { id: string }) => newPairing(id),
  },
  'machines.in-memory': {
    message: () => 'A lab in memory cannot have other machines: it ends with its process.',
    next: () => ['Open a lab file.'],
  },
  'machines.other-address': {
    message: ({ present, address }: { present: string; address: string }) =>
      `The lab's message broker listens on ${present}, not on ${address}.`,
    next: ({ address }: { address: string }) => [
      'Use the present address, or remove the other machines.',
      'Then end the program that has the lab open, and add them again.',
      {
        do: 'run-command',
        command: `ktg machines add command --name NAME --address ${address}`,
      },
    ],
  },
  'machines.no-card-engine': {
    message: ({ host, words }: { host: string; words: string }) =>
      `TensorFlow for cards could not be installed on ${host}, so its processors compute: ${words}`,
    next: () => [
      'Install it here, so that the lab copies it, then start the machine again.',
      { do: 'install-engine', variant: 'gpu' },
    ],
  },
  'machines.no-engine': {
    message: ({ host, words }: { host: string; words: string; variant: 'cpu' | 'gpu' }) =>
      `TensorFlow could not be installed on ${host}, which computes with the portable engine, ` +
      `much slower: ${words}`,
    next: ({ variant }: { variant: 'cpu' | 'gpu' }) => [
      'Install it here, so that the lab copies it, then start the machine again.',
      { do: 'install-engine', ...(variant === 'gpu' && { variant }) },
    ],
  },
  'machines.no-way-back': {
    message: ({ host }: { host: string }) =>
      `${host} does not forward a port back to this machine, so its agent cannot reach the lab.`,
    next: () => [
      'Allow it there (AllowTcpForwarding in sshd_config), or start the agent by hand.',
      { do: 'run-command', command: 'ktg machines add command --name NAME --address ADDRESS' },
    ],
  },
  'machines.other-platform': {
    message: ({ host, system }: { host: string; system: string }) =>
      `${host} runs ${system}, for which this machine has no program to deliver.`,
    next: () => [
      'Install this program there and start the agent by hand.',
      { do: 'run-command', command: 'ktg machines add command --name NAME --address ADDRESS' },
    ],
  },
  'machines.pairing-plain': {
    message: ({ name }: { id: string; name: string }) =>
      `The pairing of ${name} is of an older version and holds no certificate, so its agent cannot ` +
      'connect.',
    next: ({ id }: { id: string }) => newPairing(id),
  },
  'machines.pairing-expired': {
    message: ({ name, days }: { name: string; days: number }) =>
      `The pairing of ${name} has expired: no agent used it for ${days} days.`,
    next: () => ['Remove the machine and add it again.'],
  },
  'machines.script-failed': {
    message: ({ words }: { words: string }) => `A command of this machine failed: ${words}`,
    next: () => ['Solve what it says, and try again.'],
  },
  'machines.slurm': {
    message: ({ words }: { words: string }) => `sbatch did not name a job: ${words}`,
    next: () => ['Run sbatch there by hand to see whether it works.'],
  },
  'machines.ssh-failed': {
    message: ({ host, words }: { host: string; words: string }) =>
      `ssh to ${host} failed: ${words}`,
    next: ({ host }: { host: string }) => [
      'Set it up so that it does not ask (a key, an agent, known_hosts), then try again.',
      { do: 'run-command', command: `ssh -o BatchMode=yes ${host} true` },
    ],
  },
  'machines.tunnel-down': {
    message: ({ host, words }: { host: string; words: string }) =>
      `The tunnel to ${host} broke; the lab opens it again: ${words}`,
    next: () => ['Check that the server runs and that its network works.'],
  },
  'machines.key-refused': {
    message: ({ name }: { name: string }) =>
      `The lab refuses the key of ${name}: the machine was removed, or paired again.`,
    next: () => ['Add the machine again in the lab, and use the new pairing file.'],
  },
  'machines.wrong-clock': {
    message: ({ today, from, to }: { today: string; from: string; to: string }) =>
      `The clock of this machine says ${today}; the lab's certificate is valid from ${from} to ${to}.`,
    next: () => ['Set the clock of this machine.'],
  },
  'machines.no-broker': {
    message: ({ reason }: { reason: string }) =>
      `Other machines need the program nats-server, which could not be found or fetched: ${reason}`,
    next: () => [
      'Install it (on Debian: apt-get install nats-server), or point KTG_NATS to it.',
      'Studies continue on this machine.',
    ],
  },
} satisfies ProblemTable;
