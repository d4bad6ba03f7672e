import { dml, training } from '../contract/samples.ts';
import { runnerContract } from '../contract/runner.ts';
import { ScriptedRunner } from './scripted-runner.ts';

runnerContract('scripted', () =>
  Promise.resolve({
    runner: new ScriptedRunner({ slots: 1, checkpointEach: 1 }),
    job: {
      run: 1,
      attempt: 1,
      title: 'scripted',
      graph: dml,
      seed: 5,
      training: training({ epochs: 8 }),
      rungs: [],
      resume: null,
      teachers: [],
      checkpointEvery: 0,
    },
  }),
);
