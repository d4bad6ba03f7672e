import { type Phrases, type Step, joined, phraseOf } from './actions.ts';

/** Actions as the command line takes them; a command stands at the end, without a full stop. */
export const commandPhrases: Phrases<string> = {
  'install-engine': ({ variant }) => `Run: ktg engine install${variant === 'gpu' ? ' gpu' : ''}`,
  'install-wheel': () =>
    'Or fetch the wheel by other means and run: ktg engine install --wheel FILE',
  'download-wheel': () => 'Or leave --wheel (or KTG_TENSORFLOW_WHEEL) out to download it.',
  'verify-engine': () => 'Check it with: ktg engine status --verify',
  'use-portable': () => 'The portable engine works here, more slowly (--engine portable).',
  'use-processor': () => 'Or compute on the processor (--device cpu).',
  'run-doctor': () => 'See: ktg doctor',
  'choose-float32': () => 'Choose --precision float32.',
  'use-compiler': () => 'Add --compiler xla, or choose --precision float32.',
  'default-precision': () => 'Or ask for neither --precision nor --compiler.',
  'choose-data': () =>
    'Give the path of an archive (.tar.gz or .tar) or of a folder with the files of a set.',
  'fetch-data': ({ name, file, folder }) =>
    `Set KTG_DATA_MIRROR to the address of a folder that has ${file}, put that file into ` +
    `${folder}, or name it where ${name} is asked for (--data PATH).`,
  'use-data-path': ({ path }) => `Or use it under its path (--data ${path}).`,
  'open-data': () => 'The networks are listed under Data in the app.',
  pretrain: ({ model }) => `Make one with: ktg pretrain ${model}`,
  'see-correct-graph': () => 'ktg graph show prints a correct one for any template.',
  'see-graph': () => 'See: ktg graph show',
  'use-own-checkpoint': () => 'Use a checkpoint written by ktg train or ktg pretrain.',
  'free-memory': () =>
    'Close other programs on this device, or use fewer slots (ktg slots), a smaller batch, ' +
    'or smaller architectures.',
  'open-lab': () => 'Open it with --lab, or export a study of it and import that.',
  'keep-lab-local': () =>
    'Keep the lab on a local disk (--lab FILE or KTG_LAB) and copy backups to the network.',
  'check-lab-file': () => 'Run: ktg db check',
  'export-studies': () => '`ktg export` saves the studies that can still be read.',
  'choose-study': () => 'Name one: ktg import FILE --study NAME',
  'choose-folder': () => 'Choose another folder with --out.',
  'resume-training': ({ folder }) => `Continue with: ktg train --resume --out ${folder}`,
  'start-training': () => 'Start one without --resume.',
  'connect-again': () => 'Connect again.',
  'open-link': () => 'Open the link in the terminal that runs the lab.',
  'serve-again': () => 'Run `ktg serve` again for a new one.',
  'use-terminal': () => 'Name it to `ktg` in a terminal instead.',
  'open-log': () => 'The log contains more.',
  'run-command': ({ command }) => `Run: ${command}`,
  'give-option': ({ example }) => `Example: ${example}`,
};

/** Next steps of a record: as data, and as the text that older records have alone. */
export const nextSteps = (...steps: Step[]): { next: string; steps: Step[] } => ({
  next: nextOf(steps),
  steps,
});

/** Next steps as one text for the command line; programs and records keep it as `next`. */
export const nextOf = (steps: readonly Step[]): string =>
  joined(steps.map((step) => (typeof step === 'string' ? step : phraseOf(commandPhrases, step))));
