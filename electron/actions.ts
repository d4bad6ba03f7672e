import { type Action, type Phrases, type Step, joined, phraseOf } from '../core/base/actions.ts';
import { windowPhrases } from '../core/base/window-words.ts';

const INSTALL = 'Press Install in the settings, under Engine.';

/** Actions as a dialog of the app says them: it can be there before a window is. */
const phrases: Phrases<string> = {
  ...windowPhrases,
  'install-engine': () => INSTALL,
  'install-wheel': () => 'Or use a wheel that you have, from a terminal.',
  'download-wheel': () => `Or download the wheel. ${INSTALL}`,
  'verify-engine': () =>
    'Uninstall the engine in the settings, under Engine, and install it again.',
  'run-doctor': () => 'See the settings, under Engine, and the log.',
  'choose-data': () =>
    'Choose an archive (.tar.gz or .tar), or a folder with the files of a set, under Data.',
  'fetch-data': ({ file, folder }) =>
    `Or fetch ${file} in another way and choose it under Data, or put it into ${folder}.`,
  'use-data-path': () => 'Or add it under another name, under Data.',
  pretrain: ({ model }) => `Train a ${model} under Data, Pretrained networks.`,
  'see-correct-graph': () => 'The editor of graphs saves correct ones.',
  'keep-lab-local': () =>
    'Keep the lab file on a disk of this computer, and copies of it on the network.',
  'check-lab-file': () => 'A lab that opens can be verified in the settings, under Lab file.',
  'export-studies': () => 'Export in the menu of a study saves those that can still be read.',
  'choose-study': () => 'Import it on the page of the studies, and choose one of them.',
  'connect-again': () => 'Close the window and open it again.',
  'open-link': () => 'Open the link that the terminal printed.',
  'serve-again': () => 'Serve the lab again in the terminal for a new link.',
  'use-terminal': () => 'Or use the command line.',
};

export const actionText = (action: Action): string => phraseOf(phrases, action);

/** Next steps as one text for a dialog. */
export const stepsText = (steps: readonly Step[]): string =>
  joined(steps.map((step) => (typeof step === 'string' ? step : actionText(step))));
