/**
 * Next steps as they are taken in the window: what the lab says in terms of the command line has a
 * place here, too.
 */

const INSTALL = 'Install in Settings, under Engine';

/**
 * Phrases that name a command, and what does the same in the window; the more special ones first.
 */
const places: readonly (readonly [phrase: RegExp, here: string])[] = [
  [
    /or (?:fetch the wheel by other means and run: )?ktg engine install --wheel FILE/g,
    `or let KTG_TENSORFLOW_WHEEL name a wheel that you have and press ${INSTALL}`,
  ],
  [/without --wheel, ktg engine install downloads it/g, `${INSTALL}, downloads it`],
  [/\bRun: ktg engine install(?: gpu)?/g, `Press ${INSTALL}`],
  [/\brun: ktg engine install(?: gpu)?/g, `press ${INSTALL}`],
  [/\bGo on with: ktg engine install(?: gpu)?/g, `To go on, press ${INSTALL}`],
  [/: ktg engine install(?: gpu)?/g, `: ${INSTALL}`],
  [
    /Check it with: ktg engine status --verify/g,
    'Remove it in Settings, under Engine, and install it again',
  ],
  [/ktg doctor says/g, 'Settings, under Engine, and the log say'],
  [/; ktg graph show prints a correct one for any template/g, '; the editor saves correct ones'],
  [/See: ktg doctor/g, 'See Settings, under Engine, and the log'],
  [/, run `ktg doctor`,/g, ' and at Settings, under Engine,'],
  [/\brun: ktg db check/g, 'check the lab file in Settings'],
  [/\b([Rr])un `ktg db check`/g, '$1un “Verify” in Settings, under Lab file,'],
  [
    /Set KTG_DATA_MIRROR to the address of a folder that has (\S+), put that file into (.+), or name it where \w+ is asked for \(--data PATH\)/g,
    'Or fetch $1 in another way and choose it here, or put it into $2',
  ],
  [/^Give the path of (.*?),? or of a folder/, 'Choose or drop $1, or a folder'],
  [
    /with --wheel \(or KTG_TENSORFLOW_WHEEL\), or leave it out to download it/,
    'in KTG_TENSORFLOW_WHEEL, or leave it out to download it',
  ],
  [
    /Add --compiler xla, or choose --precision float32/,
    'Choose float32 in the details of the study',
  ],
  [/Choose --precision float32/, 'Choose float32 in the details of the study'],
  [/; or ask for neither --precision nor --compiler/, '; or leave the precision as usual'],
  [/, or use it under its path \(--data (.+)\)/, ', or add it under another name'],
  [/ \(--lab FILE or KTG_LAB\)/, ''],
  [/^Name one: ktg import FILE --study NAME/, 'Import it with the button, and choose one of them'],
  [/Make one with: ktg pretrain .*$/, 'Train one under Data, Pretrained networks'],
  [/written by ktg train or ktg pretrain/, 'that this program has saved'],
  [/; measure with: ktg engine measure$/, ''],
  [/, or leave --wheel out to download it/, ', or unset KTG_TENSORFLOW_WHEEL to download it'],
  [/^Open it with --lab, or export/, 'Open it as the lab file, or export'],
  [/`ktg export` saves/, '“Export” in a study’s menu saves'],
  [/^Connect again\.$/, 'It is opened again by itself; then try once more.'],
  [
    /Pretrain one \(ktg pretrain [\w.-]+\) and name it as the node's checkpoint/g,
    'A search or a re-run trains one first; or choose one at the node',
  ],
  [/ \(--[a-z]+ [a-z]+\)/g, ''],
];

export const here = (next: string): string =>
  places.reduce((text, [phrase, place]) => text.replace(phrase, place), next);
