import { haltCommand } from './halt.ts';

export const command = haltCommand({
  verb: 'stop',
  summary: 'stops a study and cancels its unfinished trials',
  otherwise: 'at once',
  ended: (goOn) => `stopped. To continue it anyway: ${goOn}`,
});
