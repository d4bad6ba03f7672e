import { type Action, type Phrases, type Step, joined, phraseOf } from '../core/base/actions.ts';

const INSTALL = 'Press Install in the settings, under Engine.';

/** Actions as a dialog of the app says them: it can be there before a window is. */
const phrases: Phrases<string> = {
  'install-engine': () => INSTALL,
  'install-wheel': () => 'Or use a wheel that you have, from a terminal.',
  'download-wheel': () => `Or download the wheel. ${INSTALL}`,
  'verify-engine': () =>
    'Uninstall the engine in the settings, under Engine, and install it again.',
  'use-portable': () => 'The portable engine works here, more slowly.',
  'use-processor': () => 'Or compute on the processor.',
  'run-doctor': () => 'See the settings, under Engine, and the log.',
  'choose-float32': () => 'Choose float32 in the details of the study.',
  'use-compiler': () => 'Choose float32 in the details of the study.',
  'default-precision': () => 'Or leave the precision as usual.',
  'choose-data': () =>
    'Choose an archive (.tar.gz or .tar), or a folder with the files of a set, under Data.',
  'fetch-data': ({ file, folder }) =>
    `Or fetch ${file} in another way and choose it under Data, or put it into ${folder}.`,
  'use-data-path': () => 'Or add it under another name, under Data.',
  'open-data': () => 'Its networks are listed under Data.',
  pretrain: ({ model }) => `Train a ${model} under Data, Pretrained networks.`,
  'see-correct-graph': () => 'The editor of graphs saves correct ones.',
  'see-graph': () => 'The figure of the graph shows them.',
  'use-own-checkpoint': () => 'Use a checkpoint that this program has saved.',
  'free-memory': () =>
    'Close other programs on this device, or use fewer slots, a smaller batch, or smaller ' +
    'architectures.',
  'open-lab': () => 'Open it as the lab file, or export a study of it and import that.',
  'keep-lab-local': () =>
    'Keep the lab file on a disk of this computer, and copies of it on the network.',
  'check-lab-file': () => 'A lab that opens can be verified in the settings, under Lab file.',
  'export-studies': () => 'Export in the menu of a study saves those that can still be read.',
  'choose-study': () => 'Import it on the page of the studies, and choose one of them.',
  'choose-folder': () => 'Choose another folder.',
  'resume-training': ({ folder }) => `The run in ${folder} continues from the command line.`,
  'start-training': () => 'Start a new run.',
  'connect-again': () => 'Close the window and open it again.',
  'open-link': () => 'Open the link that the terminal printed.',
  'serve-again': () => 'Serve the lab again in the terminal for a new link.',
  'use-terminal': () => 'Or use the command line.',
  'open-log': () => 'The log may say more.',
  'run-command': ({ command }) => `In a terminal, run: ${command}`,
  'give-option': ({ example }) => `In a terminal, for example: ${example}`,
};

export const actionText = (action: Action): string => phraseOf(phrases, action);

/** Next steps as one text for a dialog. */
export const stepsText = (steps: readonly Step[]): string =>
  joined(steps.map((step) => (typeof step === 'string' ? step : actionText(step))));
