import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type Agreement, agreementOf } from '../analysis/agreement.ts';
import { intervalText, pointsText } from '../analysis/verdict.ts';
import { LabError, messageOf } from '../base/errors.ts';
import type { Environment, RerunView } from '../lab/api.ts';
import { type Bundle, comparedWith, parseBundle } from '../study/bundle.ts';
import { type Command, Exit } from './command.ts';
import { dataOf } from './data-option.ts';
import { followRerun } from './follow.ts';
import { ask, labOptions, type UsedLab, withLab } from './lab-access.ts';
import { jsonLine, line } from './report.ts';
import { setSlots, slotsOption } from './slots.ts';
import { idOption, textOf } from './values.ts';
import { jsonOption } from './usage.ts';
import { isStudyNumber, verifyDraws } from './verify-draws.ts';
import { percent, table } from './words.ts';

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
    continue: { type: 'string', value: 'N', help: 'compare with re-run N, which began before' },
    ...slotsOption,
    ...labOptions,
    json: jsonOption(
      'as "ktg rerun", then {"event":"verified","agrees":...,"kind":...,"graphs":[...],"pairs":[...]}',
    ),
  },
  note: 'Exit status 0: the numbers agree; 1: they do not.',
  words: 1,
  run: async (values, [file]) => {
    if (file === undefined) throw new LabError('arguments.no-file/verify');
    if (isStudyNumber(file)) return verifyDraws(values, file);
    const bundle = read(file);
    const json = values.json === true;
    return withLab(values, 'work', async (lab) => {
      await setSlots(lab.api, textOf(values, 'slots'), 'some');
      const view =
        textOf(values, 'continue') === undefined
          ? await lab.api.request('reruns.verify', {
              bundle,
              ...(values.data !== undefined && { data: dataOf(values) }),
              start: true,
            })
          : await lab.api.request('reruns.resume', {
              rerun: idOption(values, 'continue'),
            });
      const status = await followRerun(lab, view, json);
      return status === Exit.done ? report(lab, view.rerun.id, bundle, json) : status;
    });
  },
};

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

async function report(lab: UsedLab, rerun: number, bundle: Bundle, json: boolean): Promise<number> {
  const view = await ask(lab, 'reruns.open', { rerun });
  const environments = await ask(lab, 'reruns.environments', { rerun });
  const pairs = comparedWith(bundle, runsOf(view));
  const agreement = agreementOf(pairs);
  const agrees = agreement.kind === 'identical' || agreement.kind === 'within-spread';
  const changes = changesOf(bundle, environments);
  if (json) jsonLine({ event: 'verified', agrees, ...agreement, pairs, changes });
  else {
    line();
    for (const text of table([
      ['graph', 'seed', 'expected', 'found'],
      ...pairs.map(({ variant, seed, expected, found }) => [
        ...[variant, String(seed), percent(expected, 2), percent(found, 2)],
      ]),
    ]))
      line(text);
    for (const change of changes) line(change);
    line(`\n${agreementText(agreement)}`);
  }
  return agrees ? Exit.done : Exit.failed;
}

const runsOf = (view: RerunView) => view.variants.flatMap(({ runs }) => runs);

/** Returns what the environments of bundle and re-run do not share, one line each. */
function changesOf({ environments }: Bundle, now: readonly Environment[]): string[] {
  const fields = [
    'app',
    'revision',
    'runtime',
    'engine',
    'kernels',
    'platform',
    'device',
    'data',
  ] as const;
  return fields.flatMap((field) => {
    const of = (all: readonly Environment[]) => [
      ...new Set(all.map((each) => each[field] ?? 'none')),
    ];
    const [before, then] = [of(environments).join(', '), of(now).join(', ')];
    return before === then ? [] : [`${field}: ${before} in the bundle, ${then} here`];
  });
}

function agreementText({ kind, graphs }: Agreement): string {
  if (kind === 'identical') return 'The numbers agree: all are the same to the last bit.';
  if (kind === 'incomplete') return 'A run has no result, so the numbers cannot be compared.';
  const lines = graphs.map(
    ({ variant, difference, test, differs }) =>
      `${variant}: found minus expected ${pointsText(difference, '-')} points` +
      `${test ? `, 95 % interval ${intervalText(test, '-')}` : ''}${differs ? ': differs' : ''}`,
  );
  const verdict =
    kind === 'different'
      ? 'The numbers do not agree.'
      : 'The numbers agree within their spread: no graph differs significantly at 5 % after correction.';
  return [...lines, verdict].join('\n');
}
