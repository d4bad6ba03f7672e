import { type Command, Exit } from './command.ts';
import { labOptions, withLab } from './lab-access.ts';
import { jsonLine, line, messageWithNext, size } from './report.ts';
import { cardText, deviceTexts, rerunTitle, slotlessText, slotText } from './words.ts';
import { jsonOption } from './usage.ts';

const atWork = (state: string): boolean => state === 'running' || state === 'paused';

export const command: Command = {
  forms: [['status [options]', 'shows what runs, and where']],
  options: {
    ...labOptions,
    json: jsonOption('one object: {"status":...,"studies":[...cards],"reruns":[...]}'),
  },
  words: 0,
  run: async (values) =>
    withLab(values, 'look', async ({ api, file, elsewhere }) => {
      const status = await api.request('lab.status', {});
      const studies = await api.request('studies.list', {});
      const reruns = await api.request('reruns.list', {});
      if (values.json === true) {
        jsonLine({ status, studies, reruns });
        return Exit.done;
      }
      const { total, checkpoints } = status.sizes;
      line(
        `${file}: ${size(total)}, ${size(checkpoints)} of it weights; ${size(status.diskFree)} free on its disk`,
      );
      line(
        `${status.engine.version}, ` +
          `${status.engine.kind}${status.engine.advice === '' ? '' : `. ${status.engine.advice}`}`,
      );
      if (status.trouble) line(`Trouble: ${messageWithNext(status.trouble)}`);
      if (!elsewhere)
        line(
          status.heldBy
            ? `Held by process ${status.heldBy.pid}.`
            : 'No lab is open on it: nothing trains now.',
        );
      const devices = elsewhere ? await api.request('devices.list', {}) : [];
      for (const text of [...deviceTexts(devices), slotlessText(devices)].filter(Boolean))
        line(text);
      for (const slot of elsewhere ? status.slots : []) line(`  ${slotText(slot)}`);
      for (const card of studies.filter(({ study }) => atWork(study.state))) {
        line(`study ${card.study.id} "${card.study.name}": ${card.study.state}, ${cardText(card)}`);
        if (card.study.problem) line(`  ${messageWithNext(card.study.problem)}`);
      }
      for (const view of reruns.filter(({ rerun }) => atWork(rerun.state))) line(rerunTitle(view));
      return Exit.done;
    }),
};
