import type { RerunView, StudyCard } from '../lab/api.ts';
import { studyNamed } from './choices.ts';
import { type Command, Exit } from './command.ts';
import { labOptions, withLab } from './lab-access.ts';
import { jsonLine, line } from './report.ts';
import { idOption, textOf } from './values.ts';
import { jsonOption } from './usage.ts';

/** The differences of `ktg pause` and `ktg stop`. */
interface Halt {
  verb: 'pause' | 'stop';
  /** First line of the usage, without the command itself. */
  summary: string;
  /** Effect on running trials without --after-epoch. */
  otherwise: string;
  /** `paused. Continue with: ktg resume 3` */
  readonly ended: (resumeCommand: string) => string;
}

/** Makes a command that pauses or stops a study or re-run. */
export const haltCommand = ({ verb, summary, otherwise, ended }: Halt): Command => ({
  forms: [[`${verb} [STUDY] [options]`, summary]],
  arguments: { STUDY: 'number or name of a study; default the last one' },
  options: {
    rerun: { type: 'string', value: 'N', help: 're-run N instead of a study' },
    'after-epoch': {
      type: 'boolean',
      help: `let running trials finish their epoch; default: ${otherwise}`,
    },
    ...labOptions,
    json: jsonOption("the study's card, or the re-run's table"),
  },
  words: 1,
  run: async (values, [wanted]) =>
    withLab(values, 'change', async ({ api }) => {
      const when = values['after-epoch'] === true ? 'after-epoch' : 'now';
      const say = (view: StudyCard | RerunView, what: string, resumeCommand: string): number => {
        if (values.json === true) jsonLine(view);
        else line(`${what} is ${ended(resumeCommand)}`);
        return Exit.done;
      };
      if (textOf(values, 'rerun') !== undefined) {
        const rerun = idOption(values, 'rerun');
        const view = await api.request(`reruns.${verb}`, { rerun, when });
        return say(view, `Re-run ${rerun} "${view.rerun.name}"`, `ktg rerun --continue ${rerun}`);
      }
      const { study } = await studyNamed(api, wanted);
      const card = await api.request(`studies.${verb}`, { study: study.id, when });
      return say(card, `Study ${study.id} "${study.name}"`, `ktg resume ${study.id}`);
    }),
});
