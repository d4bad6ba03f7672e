import type { Step } from '../actions.ts';
import type { ProblemTable } from './_base.ts';

/** A plan's stopping rule, a better one, and what both would have kept of an earlier study. */
interface RungFacts {
  study: string;
  first: number;
  reduction: number;
  kept: number;
  bestFirst: number;
  bestReduction: number;
  bestKept: number;
  /** Epochs of the better rule, as a multiple of the plan's. */
  times: number;
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

export const searchProblems = {
  'devices.not-measured': {
    message: ({ card, reason }: { card: string; reason: string }) =>
      `${card} could not be measured: ${reason}`,
    next: () => [{ do: 'run-doctor' }],
  },
  'search.choice-weight': {
    message: ({ weight, least, most }: { weight: number; least: number; most: number }) =>
      `The weight of a choice is ${weight}; it must be from ${least} to ${most}.`,
    next: () => ['Give 2 for a choice that is drawn twice as often as others.'],
  },
  'search.early-rungs': {
    message: (facts: RungFacts) =>
      `In study "${facts.study}", a first rung at epoch ${facts.first} where one in ` +
      `${facts.reduction} continues would have kept ${percent(facts.kept)} of the best 5 % of the ` +
      `graphs. A first rung at epoch ${facts.bestFirst} where one in ${facts.bestReduction} ` +
      `continues would have kept ${percent(facts.bestKept)}, for ` +
      `${Math.round(10 * facts.times) / 10} times the epochs.`,
    next: ({ bestFirst, bestReduction }: RungFacts) => [
      `Choose the first rung ${bestFirst} and let one in ${bestReduction} continue.`,
      {
        do: 'give-option',
        example: `--min-epochs ${bestFirst} --reduction ${bestReduction}`,
      },
    ],
  },
  'search.epoch-gap': {
    message: ({
      run,
      reportedEpoch,
      reportedNodes,
      state,
      epoch,
      epochs,
      nodes,
    }: {
      run: number;
      reportedEpoch: number;
      reportedNodes: number;
      state: string;
      epoch: number;
      epochs: number;
      nodes: number;
    }) =>
      `Run ${run} reported epoch ${reportedEpoch} of ${reportedNodes} nodes; it is ` +
      `${state} at epoch ${epoch} of ${epochs} and has ${nodes} nodes.`,
    next: () => ['The worker is started again.'],
  },
  'search.mixed-devices': {
    message: ({ kinds }: { kinds: readonly string[] }) =>
      `Its slots are on different devices or engines (${kinds.join('; ')}), which give slightly ` +
      'different numbers: close trials may change places.',
    next: () => [
      'Choose one kind of device in the details of the plan: then only its slots train the study.',
    ],
  },
  'search.more-trials-than-graphs': {
    message: ({ trials, size, duplicates }: { trials: number; size: bigint; duplicates: bigint }) =>
      `${trials} trials in a space of ${size} graphs: at least ${duplicates} will be ` +
      'duplicates, which are not trained again.',
    next: () => ['Ask for fewer trials, or allow more choices in the space.'],
  },
  'search.no-rungs': {
    message: ({ epochs }: { epochs: number }) =>
      `No epoch of ${epochs} is a rung, so the rule never decides and every trial runs to its end.`,
    next: () => ['Give trials more epochs or lower the first rung.'],
  },
  'search.no-slot-suits': {
    message: ({ data }: { data: string }) =>
      `No slot can train it: no machine with free slots has the data set ${data} and computes as its plan asks.`,
    next: () => [
      'Give a slot to such a machine, or download the data set to one with slots; then resume.',
    ],
  },
  'search.no-slot-there': {
    message: ({ place }: { place: string }) =>
      `It may train only on ${place}, and no slot of this lab is there.`,
    next: () => ['Give such a device a slot, or add its machine; then resume.'],
  },
  'search.not-wanted': {
    message: ({ run }: { run: number }) => `Run ${run} is no longer on this slot.`,
    next: () => [],
  },
  'search.pretraining-first': {
    message: ({ models }: { models: string }) =>
      `Frozen nodes need pretrained networks that the lab does not have yet: ${models}.`,
    next: () => ['The study trains them first; they can also be imported.'],
  },
  'search.rung-beyond-the-end': {
    message: ({ rung, epochs }: { rung: number; epochs: number }) =>
      `The rung at epoch ${rung} is not below the ${epochs} epochs of a trial.`,
    next: () => ['Remove the rung or give trials more epochs.'],
  },
  'search.seed-count': {
    message: ({ seeds, limit }: { seeds: number; limit: number }) =>
      `${seeds} seeds: expected a whole number from 1 to ${limit}.`,
    next: () => ['The paper uses 5.'],
  },
  'search.start-outside': {
    message: ({ number, graph, why }: { number: number; graph: string; why: string }) =>
      `Starting point ${number} (${graph}) lies outside the search space: ${why}.`,
    next: () => ['Open the space for it, or remove it from the starting points.'],
  },
  'search.teacher-failed': {
    message: ({ model, state, reason }: { model: string; state: string; reason: string }) =>
      `The pretraining of ${model} did not finish (${state})${reason}`,
    next: () => ['Resume to train it again, or import its weights.'],
  },
  'search.teacher-is-a-file': {
    message: ({ node, checkpoint }: { node: number; checkpoint: string }) =>
      `Node ${node} names "${checkpoint}", expected a network of this lab (pretrained:ID).`,
    next: () => ['Import the file as a pretrained network first.'],
  },
  'search.teacher-missing': {
    message: ({ model }: { model: string }) => `A frozen ${model} has no pretrained weights yet.`,
    next: () => ['Pretrain or import it first.'],
  },
  'search.teacher-missing/named': {
    message: ({ node, checkpoint, what }: { node: number; checkpoint: string; what: string }) =>
      `Node ${node} names ${checkpoint}, ${what}.`,
    next: () => ['Choose a pretrained network from the list.'],
  },
  'search.tuned-on-test': {
    message: () =>
      'Protocol `paper` judges the search by the test images, as the paper does: its best accuracy is optimistic.',
    next: () => ['Use `held-out` for an accuracy without this bias.'],
  },
  'search.weight-unknown': {
    message: ({ choice }: { choice: string; known: string }) =>
      `"${choice}" has a weight, but the search space has no such choice.`,
    next: ({ known }: { known: string }) => [`Its choices: ${known}.`],
  },
  'search.workers-keep-failing': {
    message: ({ count, last }: { count: number; last: string }) =>
      `${count} starts in a row failed, the last one with: ${last}`,
    next: () => ['Read the log.', { do: 'run-doctor' }, 'Then resume.'],
  },
  'search.workers-keep-failing/memory': {
    message: ({ count, last }: { count: number; last: string }) =>
      `${count} starts in a row failed, the last one with: ${last}`,
    next: () => [{ do: 'free-memory' }, 'Then resume.'],
  },
  'search.no-free-slot': {
    message: () => 'No slot is free: all of them train.',
    next: () => ['Measure again when one is free, or start without an expected time.'],
  },
  'search.no-slot': {
    message: () => 'No slot can train.',
    next: () => ['Give a device a slot under Settings.'],
  },
  'search.probe-failed': {
    message: ({ reason }: { reason: string }) => `The time could not be measured: ${reason}`,
    next: () => ['Read the log.', { do: 'run-doctor' }],
  },
  'search.probe-too-long': {
    message: ({ seconds }: { seconds: number }) =>
      `The time could not be measured: no three steps were trained within ${seconds} s.`,
    next: () => ['Choose smaller networks or a faster engine.'],
  },
  'search.slot-cannot-start': {
    message: ({ reason }: { reason: string }) => `No slot can train: ${reason}`,
    next: () => [{ do: 'run-doctor' }],
  },
  'studies.too-few-trials': {
    message: ({ drawn, trials }: { drawn: number; trials: number }) =>
      `${drawn} trials are already drawn, more than the ${trials} that you asked for.`,
    next: () => ['Ask for more, or stop the study.'],
  },
  'study.illegal-move': {
    message: ({
      what,
      from,
      to,
      expected,
    }: {
      what: string;
      from: string;
      to: string;
      expected: string;
    }) => `${what} is ${from} and cannot become ${to}${expected}.`,
    next: () => ['Check its present state, then try again.'],
  },
  'workers.bad-message': {
    message: ({ why }: { why: string }) => why,
    next: () => [],
  },
  'workers.bad-message/field': {
    message: ({ which, place, message }: { which: string; place: string; message: string }) =>
      `${which} at ${place}: ${message}`,
    next: () => [],
  },
  'workers.bad-message/transfer': {
    message: ({ transfer, wrong }: { transfer: number; wrong: string }) =>
      `Transfer ${transfer}: ${wrong}.`,
    next: () => [],
  },
  'workers.cannot-begin': {
    message: ({ slot, reason }: { slot: string; reason: string }) =>
      `The worker of ${slot} cannot start: ${reason}`,
    next: () => [{ do: 'run-doctor' }],
  },
  'workers.device-gone': {
    message: ({ title, name }: { title: string; name: string }) =>
      `${title} (${name}) has disappeared from this machine.`,
    next: () => [
      'Check the card and its driver. The run continues on another slot, or when the card is back.',
    ],
  },
  'workers.not-stored': {
    message: ({ problem }: { problem: string }) => problem,
    next: () => [],
  },
  'workers.other-version': {
    message: ({ version, workerVersion }: { version: number; workerVersion: number }) =>
      `The lab uses version ${version} of the worker messages, this worker version ${workerVersion}.`,
    next: () => [
      'The program was updated while the lab was running: close the lab and start it again.',
    ],
  },
  'workers.slot-not-ready': {
    message: ({ name }: { name: string }) => `Slot ${name} cannot take a job now.`,
    next: () => [],
  },
  'workers.too-many-slots': {
    message: ({ device, limit, count }: { device: string; limit: number; count: number }) =>
      `${device} can have 0 to ${limit} slots; ${count} were asked for.`,
    next: ({ steps }: { steps: readonly Step[] }) => steps,
  },
  'workers.transfer-broken': {
    message: ({ why }: { why: string }) => why,
    next: () => [],
  },
  'workers.unexpected': {
    message: ({ message }: { message: string }) => message,
    next: () => [{ do: 'run-doctor' }],
  },
  'workers.unknown-device': {
    message: ({ name, devices }: { name: string; devices: string }) =>
      `There is no device "${name}"; there is ${devices}.`,
    next: () => ['Choose one of these.'],
  },
  'workers.weights-damaged': {
    message: ({ what }: { what: string }) =>
      `${what} arrived with a SHA-256 that differs from the announced one.`,
    next: () => [
      'It is sent again. If this repeats, check the lab file.',
      { do: 'check-lab-file' },
    ],
  },
  'workers.wrong-teacher': {
    message: ({ reason }: { reason: string }) => reason,
    next: ({ steps }: { steps: readonly Step[] }) => steps,
  },
} satisfies ProblemTable;
