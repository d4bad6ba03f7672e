import type { ProblemTable } from './_base.ts';

export const agentsProblems = {
  'agents.bad-message': {
    message: ({ why }: { why: string }) => `A message is not allowed: ${why}`,
    next: () => ['Update both programs. If it happens again, report it.'],
  },
  'agents.cut-off': {
    message: ({ name, why }: { name: string; why: string }) =>
      `The machine ${name} is cut off for a minute, because ${why}.`,
    next: () => ['Remove the machine if you do not know why.'],
  },
  'agents.disk-full': {
    message: ({ folder }: { folder: string }) => `The disk of the agent is full: ${folder}.`,
    next: () => ['Make room there.'],
  },
  'agents.fetches-nothing': {
    message: () => 'This machine gets no data sets.',
    next: () => [],
  },
  'agents.yielded': {
    message: ({ name }: { name: string }) =>
      `The machine ${name} has handed its runs over; they continue elsewhere.`,
    next: () => [],
  },
  'agents.forgotten': {
    message: ({ name }: { name: string }) =>
      `The agent on ${name} restarted and no longer has this run.`,
    next: () => [],
  },
  'agents.lost': {
    message: ({ name, seconds }: { name: string; seconds: number }) =>
      `The lab has heard nothing from the machine ${name} for ${seconds} seconds.`,
    next: () => ['Check that it runs and that its network works.'],
  },
  'agents.needs-update': {
    message: ({ name, theirs, ours }: { name: string; theirs: number; ours: number }) =>
      `The agent on ${name} speaks protocol ${theirs}; this lab speaks protocol ${ours}.`,
    next: () => ['Install the same version on both.'],
  },
  'agents.no-data': {
    message: ({ name, data, why }: { name: string; data: string; why: string }) =>
      `The machine ${name} could not get the data set ${data}: ${why}`,
    next: ({ next }: { next: string }) => [
      ...(next === '' ? [] : [next]),
      'Then resume the study.',
    ],
  },
  'agents.no-pack': {
    message: ({ data, why }: { data: string; why: string }) =>
      `The data set ${data} could not be made ready for other machines: ${why}`,
    next: ({ next }: { next: string }) => [
      ...(next === '' ? [] : [next]),
      'Then resume the study.',
    ],
  },
  'agents.no-path-data': {
    message: ({ data }: { data: string }) =>
      `The data set ${data} is a path of the lab's machine; other machines know sets by name only.`,
    next: () => ['Use slots of the lab’s own machine for it.'],
  },
  'agents.not-reachable': {
    message: ({ name }: { name: string }) => `The machine ${name} is not reachable.`,
    next: () => ['Check that it runs and that its network works.'],
  },
  'agents.not-there': {
    message: ({ name }: { name: string }) => `There is no machine ${name}.`,
    next: () => [],
  },
  'agents.removed': {
    message: ({ name }: { name: string }) => `The machine ${name} was removed.`,
    next: () => [],
  },
  'agents.slot-not-ready': {
    message: ({ slot }: { slot: string }) => `The slot ${slot} is not ready.`,
    next: () => [],
  },
  'agents.two-agents': {
    message: ({ name }: { name: string }) => `Two agents use the pairing of ${name}.`,
    next: () => [
      'End one of them.',
      'If you did not start both, remove the machine and add it again: its key was stolen.',
    ],
  },
  'agents.weights-gone': {
    message: ({ sha256 }: { sha256: string }) => `The weights ${sha256.slice(0, 12)} are gone.`,
    next: () => [],
  },
} satisfies ProblemTable;
