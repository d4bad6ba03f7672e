import type { ProblemTable } from './_base.ts';

export const machinesProblems = {
  'machines.broker-does-not-start': {
    message: ({ place, words, log }: { place: string; words: string; log: string }) =>
      `The message broker of this lab does not answer on ${place}: ${words} (log: ${log}).`,
    next: () => [
      'End the program that uses this address, or remove the machines and add them again.',
      'Studies go on on this machine.',
    ],
  },
  'machines.broker-folder': {
    message: ({ folder, reason }: { folder: string; reason: string }) =>
      `The folder ${folder} of the message broker cannot be used: ${reason}.`,
    next: () => ['Make it writable for you alone.', 'Studies go on on this machine.'],
  },
  'machines.broker-too-old': {
    message: ({ path, found, needed }: { path: string; found: string; needed: string }) =>
      `${path} is nats-server ${found}; version ${needed} or newer is needed.`,
    next: () => ['Point KTG_NATS to a newer one, or leave KTG_NATS out to download it.'],
  },
  'machines.bad-pairing/file': {
    message: ({ file, reason }: { file: string; reason: string }) =>
      `${file} is no pairing file of this version: ${reason}.`,
    next: () => ['Copy it again from the lab, or add the machine again.'],
  },
  'machines.bad-pairing/rights': {
    message: ({ file }: { file: string }) =>
      `Other users can read the pairing file ${file}, so its key is no secret.`,
    next: () => [
      { do: 'run-command', command: 'chmod 600 FILE' },
      'If others use this machine, remove the machine in the lab and add it again.',
    ],
  },
  'machines.no-broker': {
    message: ({ reason }: { reason: string }) =>
      `Other machines need the program nats-server, which could not be found or fetched: ${reason}`,
    next: () => [
      'Install it (on Debian: apt-get install nats-server), or point KTG_NATS to it.',
      'Studies go on on this machine.',
    ],
  },
} satisfies ProblemTable;
