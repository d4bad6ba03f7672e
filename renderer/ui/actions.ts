import { type Action, type Phrases, type Step, joined, phraseOf } from '../../core/base/actions.ts';
import { hrefOf } from '../routes.ts';

/** What the page says about a step, and where it is done. */
export interface StepWords {
  readonly text: string;
  readonly link?: { readonly text: string; readonly href: string };
}

const settings = { text: 'Open Settings', href: hrefOf({ view: 'settings' }) };
const data = { text: 'Open Data', href: hrefOf({ view: 'data' }) };
const log = { text: 'Open the log', href: hrefOf({ view: 'log', run: null, study: null }) };

/** Actions as they are taken in the window. */
const phrases: Phrases<StepWords> = {
  'install-engine': () => ({ text: 'Press Install in Settings, under Engine.', link: settings }),
  'install-wheel': () => ({
    text: 'Or let KTG_TENSORFLOW_WHEEL name a wheel that you have, and press Install.',
  }),
  'download-wheel': () => ({
    text: 'Or unset KTG_TENSORFLOW_WHEEL: Install in Settings, under Engine, downloads the wheel.',
    link: settings,
  }),
  'verify-engine': () => ({
    text: 'Uninstall the engine in Settings, under Engine, and install it again.',
    link: settings,
  }),
  'use-portable': () => ({ text: 'The portable engine works here, more slowly.' }),
  'use-processor': () => ({ text: 'Or compute on the processor.' }),
  'run-doctor': () => ({ text: 'See Settings, under Engine, and the log.', link: log }),
  'choose-float32': () => ({ text: 'Choose float32 in the details of the study.' }),
  'use-compiler': () => ({ text: 'Choose float32 in the details of the study.' }),
  'default-precision': () => ({ text: 'Or leave the precision as usual.' }),
  'choose-data': () => ({
    text: 'Choose or drop an archive (.tar.gz or .tar), or a folder with the files of a set.',
  }),
  'fetch-data': ({ file, folder }) => ({
    text: `Or fetch ${file} in another way and choose it here, or put it into ${folder}.`,
    link: data,
  }),
  'use-data-path': () => ({ text: 'Or add it under another name.', link: data }),
  'open-data': () => ({ text: 'Its networks are listed under Data.', link: data }),
  pretrain: () => ({
    text: 'A search or a re-run trains one first; or train one under Data, Pretrained networks.',
    link: data,
  }),
  'see-correct-graph': () => ({ text: 'The editor saves correct ones.' }),
  'see-graph': () => ({ text: 'The figure of the graph shows them.' }),
  'use-own-checkpoint': () => ({ text: 'Use a checkpoint that this program has saved.' }),
  'free-memory': () => ({
    text:
      'Close other programs on this device, or use fewer slots, a smaller batch, or smaller ' +
      'architectures.',
    link: settings,
  }),
  'open-lab': () => ({
    text: 'Open it as the lab file, or export a study of it and import that.',
  }),
  'keep-lab-local': () => ({
    text: 'Keep the lab on a local disk and copy backups to the network.',
  }),
  'check-lab-file': () => ({
    text: 'Press “Verify” in Settings, under Lab file.',
    link: settings,
  }),
  'export-studies': () => ({
    text: '“Export” in a study’s menu saves the studies that can still be read.',
  }),
  'choose-study': () => ({ text: 'Import it with the button, and choose one of them.' }),
  'choose-folder': () => ({ text: 'Choose another folder.' }),
  'resume-training': ({ folder }) => ({
    text: `The run in ${folder} continues from the command line.`,
  }),
  'start-training': () => ({ text: 'Start a new run.' }),
  'connect-again': () => ({ text: 'It reconnects by itself; then try again.' }),
  'open-link': () => ({ text: 'Open the link that `ktg serve` printed.' }),
  'serve-again': () => ({ text: 'Run `ktg serve` again for a new one.' }),
  'use-terminal': () => ({ text: 'Or use the command line on the lab’s machine.' }),
  'open-log': () => ({ text: 'The log may say more.', link: log }),
  'run-command': ({ command }) => ({ text: `In a terminal, run: ${command}` }),
  'give-option': ({ example }) => ({ text: `In a terminal, for example: ${example}` }),
};

const actionWords = (action: Action): StepWords => phraseOf(phrases, action);

export const stepWords = (step: Step): StepWords =>
  typeof step === 'string' ? { text: step } : actionWords(step);

/** Steps as one text, where a link has no place. */
export const stepsText = (steps: readonly Step[]): string =>
  joined(steps.map((step) => stepWords(step).text));
