import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type Agreement, agreementOf } from '../analysis/agreement.ts';
import { LabError, messageOf } from '../base/errors.ts';
import type { RerunView } from '../lab/api.ts';
import type { AttachedLab } from '../host/attach.ts';
import { type Bundle, parseBundle } from '../study/bundle.ts';
import { comparedWith } from '../study/bundle-compare.ts';
import { type Command, Exit, type Values } from './command.ts';
import { dataOf } from './data-option.ts';
import { followRerun } from './follow.ts';
import { ask, labOptions, type UsedLab, withLab } from './lab-access.ts';
import { jsonLine, line } from './report.ts';
import { readDownload } from './save-download.ts';
import { setSlots, slotsOption } from './slots.ts';
import { idOption, textOf } from './values.ts';
import { jsonOption } from './usage.ts';
import { isStudyNumber, verifyDraws } from './verify-draws.ts';
import { circumstanceLines, numberLines, verdictLines } from './verify-words.ts';

/** Points of accuracy within which two means count as the same. */
const MARGIN = 1;

export const command: Command = {
  forms: [
    ['verify BUNDLE [options]', 'trains a bundle of "ktg export" again and says whether it agrees'],
    ['verify STUDY', 'draws the trials of a study again and says whether the graphs are the same'],
  ],
  arguments: {
    BUNDLE: 'a file written with "ktg export --rerun N --as bundle"',
    STUDY: 'number of a study in the lab',
  },
  options: {
    data: { type: 'string', value: 'D', help: 'where the data set is; default as in the bundle' },
    margin: {
      type: 'string',
      value: 'POINTS',
      help:
        `means agree where they are shown to be the same within so many points; default ${MARGIN}. ` +
        'Counts only where bits may differ',
    },
    continue: { type: 'string', value: 'N', help: 'compare with re-run N, which began before' },
    ...slotsOption,
    ...labOptions,
    json: jsonOption(
      'as "ktg rerun", then {"event":"verified","agrees":true|false|null,"kind":..., ' +
        '"margin":...,"graphs":[{"variant":...,"difference":...,"detectable":...,...}], ' +
        '"broken":...,"strays":[...], ' +
        '"pairs":[{"variant":...,"seed":...,"expected":...,"found":...,...}], "notes":[...]}; ' +
        'of a study {"event":"redrawn","study":N,"verdict":"same"|"different"|"cannot-tell", ' +
        '"trials":[{"trial":N,"finding":...,"key":...,"redrawn":...,"differs":[...]}]}',
    ),
  },
  note:
    'Where program, engine, kernels, precision, threads, device, data and teachers are those of ' +
    'the bundle, every seed has to give the same bits. Elsewhere an equivalence test decides.\n' +
    'Exit status 0: the numbers, or the graphs, agree; 1: they do not; 3: it cannot be told.',
  words: 1,
  run: async (values, [file]) => {
    if (file === undefined) throw new LabError('arguments.no-file/verify');
    if (isStudyNumber(file)) return verifyDraws(values, file);
    const margin = marginOf(values);
    const bundle = read(file);
    const json = values.json === true;
    return withLab(values, 'work', async (lab) => {
      await setSlots(lab.api, textOf(values, 'slots'), 'some');
      const view = await begun(lab, values, bundle);
      const status = await followRerun(lab, view, json);
      return status === Exit.done ? report(lab, view.rerun.id, { bundle, margin, json }) : status;
    });
  },
};

/** Returns the margin as a fraction of 1. @throws LabError `arguments.out-of-range` */
function marginOf(values: Values): number {
  const text = textOf(values, 'margin') ?? String(MARGIN);
  const points = Number(text);
  const [least, most] = [0.01, 100];
  if (text.trim() === '' || !(points >= least && points <= most))
    throw new LabError('arguments.out-of-range', {
      ...{ name: 'margin', text, least, most, fallback: MARGIN },
    });
  return points / 100;
}

function read(file: string): Bundle {
  const path = resolve(file);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new LabError('files.unreadable', { path, reason: messageOf(error) });
  }
  return parseBundle(text, basename(path));
}

const begun = async ({ api }: AttachedLab, values: Values, bundle: Bundle): Promise<RerunView> =>
  textOf(values, 'continue') === undefined
    ? api.request('reruns.verify', {
        bundle,
        ...(values.data !== undefined && { data: dataOf(values) }),
        start: true,
      })
    : api.request('reruns.resume', { rerun: idOption(values, 'continue') });

interface Asked {
  bundle: Bundle;
  margin: number;
  json: boolean;
}

async function report(
  lab: UsedLab,
  rerun: number,
  { bundle, margin, json }: Asked,
): Promise<number> {
  const found = await foundIn(lab, rerun);
  const pairs = comparedWith(bundle, found);
  const agreement = agreementOf(pairs, margin);
  const notes = circumstanceLines(pairs, bundle.environments, found?.environments ?? []);
  const agrees = AGREES[agreement.kind];
  if (json) jsonLine({ event: 'verified', agrees, ...agreement, pairs, notes });
  else {
    line();
    for (const text of numberLines(pairs, agreement)) line(text);
    line();
    for (const text of [...notes, ...verdictLines(agreement, pairs)]) line(text);
  }
  return agrees === null ? Exit.undecided : agrees ? Exit.done : Exit.failed;
}

/** null where it cannot be told. */
const AGREES: Record<Agreement['kind'], boolean | null> = {
  identical: true,
  equivalent: true,
  different: false,
  undecided: null,
  incomplete: null,
};

/** Returns the results of a re-run in the form of a bundle; null while it has none. */
async function foundIn(lab: UsedLab, rerun: number): Promise<Bundle | null> {
  try {
    const download = await ask(lab, 'reruns.bundle', { rerun });
    return parseBundle(await readDownload(lab.api, download), download.name);
  } catch (error) {
    if (error instanceof LabError && error.code === 'bundle.no-result') return null;
    throw error;
  }
}
