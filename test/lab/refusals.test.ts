import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LabError } from '../../core/base/errors.ts';
import { type LogEntry, type RequestName } from '../../core/lab/api.ts';
import { logsRefusal } from '../../core/lab/schemas.ts';
import { scriptedLab } from './support.ts';

describe('a request that the lab refuses', () => {
  const asked: [name: RequestName, input: unknown, logged: boolean][] = [
    ['studies.open', { study: 99 }, false],
    ['runs.epochs', { run: 99 }, false],
    ['decisions.list', { study: 99 }, false],
    ['files.read', { download: 'x', offset: 0 }, false],
    ['studies.resume', { study: 99 }, true],
    ['studies.export', { study: 99, weights: false }, true],
    ['runs.stop', { run: 99, when: 'now' }, true],
    ['runs.pin', { run: 99, pinned: true }, true],
    ['files.append', { upload: 'x', offset: 0, data: '' }, true],
  ];
  for (const [name, input, logged] of asked)
    test(`is ${logged ? '' : 'not '}in the log: ${name}`, async () => {
      const lab = scriptedLab();
      const log = async (): Promise<LogEntry[]> => lab.request('log.read', {});
      const before = (await log()).length;
      await assert.rejects(lab.request(name, input as never), LabError);
      assert.equal((await log()).length - before, logged ? 1 : 0);
      assert.equal(logsRefusal(name), logged);
      await lab.close();
    });
});
