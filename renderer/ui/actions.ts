import { type Action, type Phrases, type Step, joined, phraseOf } from '../../core/base/actions.ts';
import { windowPhrases } from '../../core/base/window-words.ts';
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
const phrases: Phrases<string> = {
  ...windowPhrases,
  'install-engine': () => 'Press Install in Settings, under Engine.',
  'install-wheel': () =>
    'Or let KTG_TENSORFLOW_WHEEL name a wheel that you have, and press Install.',
  'download-wheel': () =>
    'Or unset KTG_TENSORFLOW_WHEEL: Install in Settings, under Engine, downloads the wheel.',
  'verify-engine': () => 'Uninstall the engine in Settings, under Engine, and install it again.',
  'run-doctor': () => 'See Settings, under Engine, and the log.',
  'choose-data': () =>
    'Choose or drop an archive (.tar.gz or .tar), or a folder with the files of a set.',
  'fetch-data': ({ file, folder }) =>
    `Or fetch ${file} in another way and choose it here, or put it into ${folder}.`,
  'use-data-path': () => 'Or add it under another name.',
  pretrain: () =>
    'A search or a re-run trains one first; or train one under Data, Pretrained networks.',
  'see-correct-graph': () => 'The editor saves correct ones.',
  'keep-lab-local': () => 'Keep the lab on a local disk and copy backups to the network.',
  'check-lab-file': () => 'Press “Verify” in Settings, under Lab file.',
  'export-studies': () => '“Export” in a study’s menu saves the studies that can still be read.',
  'choose-study': () => 'Import it with the button, and choose one of them.',
  'connect-again': () => 'It reconnects by itself; then try again.',
  'open-link': () => 'Open the link in the terminal that runs the lab.',
  'serve-again': () => 'Run `ktg serve` again for a new one.',
  'use-terminal': () => 'Or use the command line on the lab’s machine.',
};

/** Places of the window where actions are taken. */
const links: Readonly<Partial<Record<Action['do'], StepWords['link']>>> = {
  'install-engine': settings,
  'download-wheel': settings,
  'verify-engine': settings,
  'run-doctor': log,
  'fetch-data': data,
  'use-data-path': data,
  'open-data': data,
  pretrain: data,
  'free-memory': settings,
  'check-lab-file': settings,
  'open-log': log,
};

export function stepWords(step: Step): StepWords {
  if (typeof step === 'string') return { text: step };
  const link = links[step.do];
  return { text: phraseOf(phrases, step), ...(link && { link }) };
}

/** Steps as one text, where a link has no place. */
export const stepsText = (steps: readonly Step[]): string =>
  joined(steps.map((step) => stepWords(step).text));
