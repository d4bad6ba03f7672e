import { winnersCurseOf } from '../analysis/winners-curse.ts';
import type { RerunView, StudyCard } from '../lab/api.ts';
import { isJudgedAlike } from '../study/plan.ts';
import { type Command, Exit } from './command.ts';
import { labOptions, withLab } from './lab-access.ts';
import { jsonLine, line } from './report.ts';
import { betterThan } from './rerun-words.ts';
import { accuracyText, percent, stateText, table } from './words.ts';
import { jsonOption } from './usage.ts';

export const command: Command = {
  forms: [['list [options]', 'lists studies, re-runs and pretrained networks']],
  options: {
    ...labOptions,
    json: jsonOption('one object: {"studies":[...cards],"reruns":[...],"pretrained":[...]}'),
  },
  words: 0,
  run: async (values) =>
    withLab(values, 'look', async ({ api }) => {
      const studies = await api.request('studies.list', {});
      const reruns = await api.request('reruns.list', {});
      const pretrained = await api.request('pretrained.list', {});
      if (values.json === true) {
        jsonLine({ studies, reruns, pretrained });
        return Exit.done;
      }
      if (studies.length + reruns.length + pretrained.length === 0)
        line('The lab is empty. Begin a study with: ktg search');
      const cells = studies.map((card) => [
        String(card.study.id),
        card.study.name,
        stateText(card),
        `${card.done}/${card.study.plan.trials}`,
        bestText(card, reruns),
        `${card.study.plan.training.data}, ${card.study.plan.training.protocol}`,
      ]);
      const head = ['study', 'name', 'state', 'trials', 'best', 'data, protocol'];
      const again = reruns.map(({ rerun, done, total, variants }) => [
        String(rerun.id),
        rerun.name,
        rerun.state,
        `${done}/${total}`,
        `${percent(variants[0]!.mean, 2)} +- ${percent(variants[0]!.standardDeviation, 2)}`,
        betterThan(variants),
      ]);
      const taught = pretrained.map((each) => [
        String(each.id),
        each.model,
        each.state,
        percent(each.accuracy),
        each.training.data,
      ]);
      const tables = [
        { head, rows: cells },
        { head: ['re-run', 'name', 'state', 'runs', 'result', 'significant'], rows: again },
        { head: ['pretrained', 'model', 'state', 'accuracy', 'data'], rows: taught },
      ].filter(({ rows }) => rows.length > 0);
      for (const [index, each] of tables.entries()) {
        if (index > 0) line();
        for (const text of table([each.head, ...each.rows])) line(text);
      }
      return Exit.done;
    }),
};

/**
 * Returns `64.3 %`, or `64.3 % (re-run 61.20 %)` where the best trial was re-run; a re-run with other
 * images says so.
 */
function bestText({ best, study }: StudyCard, reruns: readonly RerunView[]): string {
  if (!best) return percent(null);
  const { training } = study.plan;
  const curse = winnersCurseOf(best, reruns, (other) => isJudgedAlike(training, other));
  if (!curse) return accuracyText(best);
  const images = curse.difference === null ? ', other images' : '';
  return `${accuracyText(best)} (re-run${images} ${percent(curse.mean, 2)})`;
}
