import { LabError } from '../base/errors.ts';
import { template } from '../graph/templates.ts';
import { architecture } from '../models/architecture.ts';
import { type Command, Exit } from './command.ts';
import { networksHelp } from './networks.ts';
import { line } from './report.ts';
import { runTraining, trainingOptions } from './train.ts';

export const command: Command = {
  forms: [
    [
      'pretrain MODEL [options]',
      'trains a network alone; its checkpoint is a teacher for frozen nodes',
    ],
  ],
  arguments: { MODEL: networksHelp },
  options: trainingOptions,
  words: 1,
  async run(values, [model]) {
    if (model === undefined) throw new LabError('arguments.missing/model');
    const { name } = architecture(model);
    const status = await runTraining(values, template('independent', [name]), `pretrained-${name}`);
    if (status === Exit.done && values.json !== true)
      line('Use it with: ktg train kd --teacher FOLDER/checkpoint.safetensors');
    return status;
  },
};
