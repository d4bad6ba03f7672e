import type { Phrases } from './actions.ts';

/** Actions that the page and the dialogs of the desktop app phrase alike; the rest is their own. */
export const windowPhrases = {
  'use-portable': () => 'The portable engine works here, more slowly.',
  'use-processor': () => 'Or compute on the processor.',
  'choose-float32': () => 'Choose float32 in the details of the study.',
  'use-compiler': () => 'Choose float32 in the details of the study.',
  'default-precision': () => 'Or leave the precision as usual.',
  'open-data': () => 'Its networks are listed under Data.',
  'see-graph': () => 'The figure of the graph shows them.',
  'use-own-checkpoint': () => 'Use a checkpoint that this program has saved.',
  'free-memory': () =>
    'Close other programs on this device, or use fewer slots, a smaller batch, or smaller ' +
    'architectures.',
  'open-lab': () => 'Open it as the lab file, or export a study of it and import that.',
  'choose-folder': () => 'Choose another folder.',
  'resume-training': ({ folder }) => `Continue the run in ${folder} from the command line.`,
  'start-training': () => 'Start a new run.',
  'open-log': () => 'The log may say more.',
  'run-command': ({ command }) => `In a terminal, run: ${command}`,
  'give-option': ({ example }) => `In a terminal, for example: ${example}`,
} satisfies Partial<Phrases<string>>;
