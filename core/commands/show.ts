import { describeGraph } from '../graph/describe.ts';
import { toJson } from '../graph/json.ts';
import { toText } from '../graph/text.ts';
import { explainDecision } from '../study/decision.ts';
import { annotationLines } from './annotate.ts';
import { auditLines } from './audit-lines.ts';
import { studyNamed, trialNamed } from './choices.ts';
import { type Command, Exit } from './command.ts';
import { labOptions, withLab } from './lab-access.ts';
import { counted, jsonLine, line } from './report.ts';
import { rerunHint, showResult } from './result.ts';
import { idOption, integerOption, textOf } from './values.ts';
import { rerunLines } from './rerun-words.ts';
import { outcome, percent } from './words.ts';
import { jsonOption } from './usage.ts';

export const command: Command = {
  forms: [['show [STUDY] [options]', 'shows a study, or one of its trials']],
  arguments: { STUDY: 'number or name of a study; default the last one' },
  options: {
    trial: { type: 'string', value: 'N|best', help: 'everything about one trial' },
    graph: { type: 'boolean', help: "only the trial's graph, as JSON for ktg train" },
    rerun: { type: 'string', value: 'N', help: 'the table of re-run N instead' },
    top: { type: 'string', value: 'N', help: 'trials in the table; default 10' },
    ...labOptions,
    json: jsonOption('the study, trial or re-run as one object, in the form of lab requests'),
  },
  words: 1,
  run: async (values, [wanted]) =>
    withLab(values, 'look', async ({ api }) => {
      const json = values.json === true;
      if (textOf(values, 'rerun') !== undefined) {
        const view = await api.request('reruns.open', {
          rerun: idOption(values, 'rerun'),
        });
        if (json) jsonLine(view);
        else
          rerunLines(view).forEach((text) => {
            line(text);
          });
        return Exit.done;
      }
      const card = await studyNamed(api, wanted);
      const trial = textOf(values, 'trial') ?? (values.graph === true ? 'best' : undefined);
      if (trial === undefined) {
        const view = await api.request('studies.open', { study: card.study.id });
        if (json) jsonLine(view);
        else {
          for (const text of annotationLines(view.study)) line(text);
          showResult(view, integerOption(values, 'top', 10, 1, 1_000_000));
          if (view.trials.some(({ audit = null }) => audit !== null)) {
            const found = await api.request('studies.effects', { study: card.study.id });
            line();
            for (const text of auditLines(found)) line(text);
          }
          const hint = rerunHint(view);
          if (hint !== '') line(`\n${hint}`);
        }
        return Exit.done;
      }
      const { run, number } = await trialNamed(api, card, trial);
      const view = await api.request('runs.open', { run });
      if (values.graph === true) line(toJson(view.graph).trimEnd());
      else if (json) jsonLine(view);
      else {
        line(`Trial ${number} of study "${card.study.name}": ${outcome(view)}`);
        for (const text of annotationLines(view)) line(text);
        line(`${toText(view.graph)}, seed ${view.seed}, ${counted(view.attempts, 'start')}\n`);
        line(describeGraph(view.graph));
        line();
        for (const { epoch, nodes } of view.epochList)
          line(
            `epoch ${String(epoch).padStart(4)}  ` +
              nodes.map(({ accuracy }) => percent(accuracy).padStart(7)).join('  '),
          );
        for (const decision of view.decisions) line(explainDecision(decision));
        for (const { fromEpoch, made, slot } of changesOf(
          view.attemptList,
          ({ environment, slot }) => `${environment ?? ''} ${slot}`,
        ))
          if (made)
            line(
              `from epoch ${fromEpoch + 1} made on ${slot} (${made.host}) by ktg ` +
                `${made.app}${made.revision === null ? '' : ` (${made.revision})`}, ` +
                `${made.engine}, ${made.kernels === undefined ? '' : `kernels ${made.kernels}, `}` +
                `${made.device}, data ${made.data}`,
            );
      }
      return Exit.done;
    }),
};

/** Returns the items that differ from their predecessor. */
const changesOf = <Item>(items: readonly Item[], way: (item: Item) => unknown): Item[] =>
  items.filter((item, index) => index === 0 || way(item) !== way(items[index - 1]!));
