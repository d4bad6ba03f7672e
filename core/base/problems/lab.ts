import type { ProblemTable } from './_base.ts';

export const labProblems = {
  'app.no-run/pretrained': {
    message: ({ id }: { id: number }) => `This lab did not train a pretrained network ${id}.`,
    next: () => [{ do: 'open-data' }],
  },
  'app.no-run/seed': {
    message: ({ rerun }: { rerun: number }) => `Re-run ${rerun} has no such seed.`,
    next: () => ['Its table shows the seeds.'],
  },
  'app.no-run/trial': {
    message: ({ study, trial }: { study: number; trial: number }) =>
      `Study ${study} has no trial ${trial}.`,
    next: () => ['Its table of trials shows the numbers.'],
  },
  'app.unexpected': {
    message: ({ message }: { message: string }) => message,
    next: () => [{ do: 'open-log' }],
  },
  'lab.answer-too-large': {
    message: ({ request, bytes }: { request: string; bytes: number }) =>
      `The answer to ${request} has ${bytes} bytes, more than a connection carries.`,
    next: () => ['Ask for less at once.'],
  },
  'lab.bad-answer': {
    message: ({ index, expected }: { index: number; expected: number }) =>
      `Part ${index} of an answer arrived instead of part ${expected}.`,
    next: () => [{ do: 'connect-again' }],
  },
  'lab.bad-input': {
    message: ({ message }: { message: string }) => message,
    next: () => ['Correct it and try again.'],
  },
  'lab.bad-input/depth': {
    message: ({ request, limit }: { request: string; limit: number }) =>
      `${request}: Expected at most ${limit} lists and records inside each other.`,
    next: () => ['Correct it and try again.'],
  },
  'lab.closed': {
    message: () => 'The lab is closed.',
    next: () => ['Open it again.'],
  },
  'lab.held-elsewhere': {
    message: ({
      file,
      pid,
      host,
      since,
    }: {
      file: string;
      pid: number;
      host: string;
      since: string;
    }) => `${file} is held by process ${pid} on ${host} since ${since}.`,
    next: () => ['Use it there, or end that program first.'],
  },
  'lab.link-used': {
    message: () => 'This link was already used.',
    next: () => [{ do: 'serve-again' }],
  },
  'lab.no-file': {
    message: ({ file }: { file: string }) => `There is no lab file ${file} yet.`,
    next: () => ['Begin a search to make one.', { do: 'run-command', command: 'ktg search' }],
  },
  'lab.not-open': {
    message: ({ file }: { file: string }) => `No program has ${file} open: nothing trains now.`,
    next: () => [
      'Set the number of slots when a search starts or resumes.',
      { do: 'give-option', example: 'ktg search --slots 2' },
      { do: 'run-doctor' },
    ],
  },
  'lab.path-refused': {
    message: () => 'A page cannot name files or folders of the lab’s machine.',
    next: () => ['Choose or drop the file here.', { do: 'use-terminal' }],
  },
  'lab.stranger': {
    message: () => 'This browser does not have access to the lab yet.',
    next: () => [{ do: 'open-link' }],
  },
  'lab.stranger/restarted': {
    message: () => 'The lab has restarted, so this browser needs a new link.',
    next: () => [{ do: 'open-link' }],
  },
  'lab.too-many-requests': {
    message: ({ limit }: { limit: number }) =>
      `This connection has ${limit} requests without an answer.`,
    next: () => ['Wait until some are answered, then ask again.'],
  },
  'lab.unexpected': {
    message: ({ message }: { message: string }) => message,
    next: () => [{ do: 'open-log' }],
  },
  'lab.unexpected/request': {
    message: ({ reason }: { reason: string }) => `Something unexpected happened: ${reason}`,
    next: () => [{ do: 'open-log' }, 'Please report it.'],
  },
  'lab.unknown-request': {
    message: ({ request }: { request: string }) => `There is no request "${request}".`,
    next: () => ['Update the program on both ends.'],
  },
  'lab.unreachable': {
    message: () => 'The connection to the lab is closed.',
    next: () => [{ do: 'connect-again' }],
  },
  'lab.unreachable/lost': {
    message: () => 'The lab cannot be reached: the connection is lost.',
    next: () => ['Wait a moment: it reconnects by itself.'],
  },
  'lab.unreachable/no-answer': {
    message: () => 'The lab does not answer.',
    next: () => ['Start it again; this page then continues.'],
  },
  'pretrained.no-weights': {
    message: ({ model }: { model: string }) => `The pretrained ${model} has no weights yet.`,
    next: () => ['Wait until it is trained.'],
  },
  'pretrained.wrong-model': {
    message: ({ name, found, model }: { name: string; found: string; model: string }) =>
      `${name} holds ${found}; expected ${model} as node 1.`,
    next: () => ['Choose the weights of a network that was trained alone.'],
  },
  'reruns.no-training': {
    message: () => 'A graph without a trial needs a training plan.',
    next: () => ['Give a training plan.'],
  },
  'runs.no-such-node': {
    message: ({ node }: { node: number }) => `The weights do not contain node ${node}.`,
    next: () => ['Nodes that cannot reach the target are not trained.'],
  },
  'runs.no-weights': {
    message: ({ title }: { title: string }) => `${title} has no weights in the lab.`,
    next: () => ['Weights of completed and of pinned runs are kept; pin a run before it stops.'],
  },
  'runs.not-weights': {
    message: () =>
      'This is not a checkpoint of this program (safetensors with a description of its networks).',
    next: () => ['Choose weights that this program has exported.'],
  },
  'runs.not-weights/header': {
    message: () => 'The file ends inside its header.',
    next: () => ['Choose an intact file.'],
  },
  'runs.weights-damaged': {
    message: ({ size, expected }: { size: number; expected: number }) =>
      `The file has ${size} bytes; its header describes ${expected}.`,
    next: () => ['It is cut off or damaged: export or copy it again.'],
  },
  'serve.no-window': {
    message: ({ folder }: { folder: string }) =>
      `The window is not built: ${folder} has no index.html.`,
    next: () => [
      'Build it (this builds what is missing).',
      { do: 'run-command', command: 'npm start' },
    ],
  },
  'serve.port-taken': {
    message: ({ port, reason }: { port: number; reason: string }) =>
      `Port ${port} cannot be used: ${reason}`,
    next: () => [
      'Choose another port, or let the lab choose one.',
      { do: 'give-option', example: '--port 8080' },
    ],
  },
  'settings.data-folder': {
    message: ({ path, reason }: { path: string; reason: string }) =>
      `${path} cannot be the data folder: ${reason}`,
    next: () => ['Name a folder that exists or that can be created.'],
  },
  'settings.view-too-large': {
    message: ({ limit }: { limit: number }) =>
      `Pages may store at most ${limit} characters in total.`,
    next: () => ['Remove a value first: set its name to null.'],
  },
} satisfies ProblemTable;
