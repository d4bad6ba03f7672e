import { fileURLToPath } from 'node:url';
import { serve } from '../connection/http-server.ts';
import { type Command, Exit } from './command.ts';
import { labOptions, useLab } from './lab-access.ts';
import { requireFile, rescued } from './lost-file.ts';
import { jsonLine, line, remark } from './report.ts';
import { interruption } from './training-run.ts';
import { integerOption } from './values.ts';
import { jsonOption } from './usage.ts';

const folder = fileURLToPath(new URL('../../dist/renderer', import.meta.url));

export const command: Command = {
  forms: [['serve [options]', 'serves the lab to a browser of this machine']],
  options: {
    port: { type: 'string', value: 'N', help: 'default: any free port' },
    ...labOptions,
    json: jsonOption('{"event":"serving","url":...,"port":...} when the page can be opened'),
  },
  note:
    'The printed link works once; then the browser that opened it has access until this server ' +
    'ends. Only this machine can reach the server. For a remote server run ' +
    '"ssh -L 8400:127.0.0.1:8400 SERVER ktg serve --port 8400", and open the printed link on ' +
    'your machine.\n' +
    'Ctrl-C once saves checkpoints and ends, twice ends at once; running studies continue at the ' +
    'next start.',
  words: 0,
  async run(values) {
    const port = integerOption(values, 'port', 0, 0, 65_535);
    const lab = await useLab(values, 'work');
    const stop = interruption();
    try {
      const served = await serve(lab.api, {
        folder,
        port,
        onBug: (error) => {
          remark(error instanceof Error ? (error.stack ?? error.message) : String(error));
        },
      });
      if (values.json === true) jsonLine({ event: 'serving', url: served.url, port: served.port });
      else
        line(`The lab ${lab.file} is at\n\n  ${served.url}\n\nThis link works once. Ctrl-C ends.`);
      await new Promise<void>((resolve) => {
        stop.signal.addEventListener('abort', () => {
          resolve();
        });
      });
      await served.close();
      if (!lab.elsewhere) await requireFile(lab);
    } catch (error) {
      const failure = await rescued(error, lab);
      await lab.close('at-once');
      throw failure;
    }
    if (values.json !== true) line('Ending: workers save their checkpoints.');
    await lab.close('save');
    stop.end();
    return Exit.done;
  },
};
