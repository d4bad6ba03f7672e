import { type Command, Exit } from './command.ts';
import { labOptions, labUsage, withLab } from './lab-access.ts';
import { jsonLine, line } from './report.ts';
import { percent, table } from './words.ts';

export const command: Command = {
  usage: `ktg list [options]          lists studies, re-runs and pretrained networks

${labUsage}
                    one object: {"studies":[...cards],"reruns":[...],"pretrained":[...]}`,
  options: labOptions,
  run: async (values) =>
    withLab(values, 'look', async ({ api }) => {
      const studies = await api.request('studies.list', {});
      const reruns = await api.request('reruns.list', {});
      const pretrained = await api.request('pretrained.list', {});
      if (values.json === true) {
        jsonLine({ studies, reruns, pretrained });
        return Exit.done;
      }
      const cells = studies.map(({ study, done, best }) => [
        String(study.id),
        study.name,
        study.state,
        `${done}/${study.plan.trials}`,
        percent(best?.accuracy ?? null),
        `${study.plan.training.data}, ${study.plan.training.protocol}`,
      ]);
      const head = ['study', 'name', 'state', 'trials', 'best', 'data, protocol'];
      for (const text of table([head, ...cells])) line(text);
      const again = reruns.map(({ rerun, done, total, variants }) => [
        String(rerun.id),
        rerun.name,
        rerun.state,
        `${done}/${total}`,
        `${percent(variants[0]!.mean, 2)} +- ${percent(variants[0]!.standardDeviation, 2)}`,
      ]);
      if (again.length > 0) line();
      for (const text of again.length > 0
        ? table([['re-run', 'name', 'state', 'runs', 'result'], ...again])
        : [])
        line(text);
      const taught = pretrained.map((each) => [String(each.id), each.model, each.state, percent(each.accuracy), each.training.data]); // prettier-ignore
      if (taught.length > 0) line();
      for (const text of taught.length > 0
        ? table([['pretrained', 'model', 'state', 'accuracy', 'data'], ...taught])
        : [])
        // prettier-ignore
        line(text);
      return Exit.done;
    }),
};
