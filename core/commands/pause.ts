import { haltCommand } from './halt.ts';

export const command = haltCommand({
  verb: 'pause',
  summary: 'pauses a study',
  otherwise: 'at once, with a checkpoint',
  ended: (goOn) => `paused. Continue with: ${goOn}`,
});
