import { describeGraph } from '../graph/describe.ts';
import { toJson } from '../graph/json.ts';
import { toText } from '../graph/text.ts';
import { explainDecision } from '../study/decision.ts';
import { studyNamed, trialNamed } from './choices.ts';
import { type Command, Exit } from './command.ts';
import { labOptions, labUsage, withLab } from './lab-access.ts';
import { counted, jsonLine, line } from './report.ts';
import { rerunHint, showResult } from './result.ts';
import { textOf, integerOption } from './values.ts';
import { outcome, percent, rerunLines } from './words.ts';

export const command: Command = {
  usage: `ktg show [STUDY] [options]  shows a study (number or name; default the last one), or one of its trials

  --trial N|best    everything about one trial
  --graph           only the trial's graph, as the JSON that ktg train reads
  --rerun N         a re-run's table instead
  --top N           trials in the table, default 10
${labUsage}
                    the study, trial or re-run as one object, as the lab's own requests give it`,
  options: {
    ...labOptions,
    trial: { type: 'string' },
    graph: { type: 'boolean' },
    rerun: { type: 'string' },
    top: { type: 'string' },
  },
  words: 1,
  run: async (values, [wanted]) =>
    withLab(values, 'look', async ({ api }) => {
      const json = values.json === true;
      if (textOf(values, 'rerun') !== undefined) {
        const view = await api.request('reruns.open', {
          rerun: integerOption(values, 'rerun', 1, 1, Number.MAX_SAFE_INTEGER),
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
          showResult(view, integerOption(values, 'top', 10, 1, 1_000_000));
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
        line(`${toText(view.graph)}, seed ${view.seed}, ${counted(view.attempts, 'start')}\n`);
        line(describeGraph(view.graph));
        line();
        for (const { epoch, nodes } of view.epochList)
          line(
            `epoch ${String(epoch).padStart(4)}  ${nodes.map(({ accuracy }) => percent(accuracy).padStart(7)).join('  ')}`,
          );
        for (const decision of view.decisions) line(explainDecision(decision));
        for (const { fromEpoch, made } of changesOf(
          view.attemptList,
          ({ environment }) => environment,
        ))
          if (made)
            line(
              `from epoch ${fromEpoch + 1} made by ktg ${made.app}${made.revision === null ? '' : ` (${made.revision})`}, ${made.engine}, ${made.device}, data ${made.data}`,
            );
      }
      return Exit.done;
    }),
};

/** Returns the items that differ from their predecessor. */
const changesOf = <Item>(items: readonly Item[], way: (item: Item) => unknown): Item[] =>
  items.filter((item, index) => index === 0 || way(item) !== way(items[index - 1]!));
