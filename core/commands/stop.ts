import { haltCommand } from './halt.ts';

export const command = haltCommand({
  verb: 'stop',
  summary: 'ends a study (number or name; default the last one): what has not ended is cancelled',
  otherwise: 'at once',
  ended: (goOn) => `stopped. ${goOn} takes it up again all the same.`,
});
