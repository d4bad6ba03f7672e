import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerSoak } from './workers.ts';

test('labs and workers that are killed, hang, lie and flood lose nothing', async () => {
  const counts = await workerSoak(12, 5, () => undefined);
  assert.ok(
    counts.labKills > 0 &&
      counts.workerKills > 0 &&
      counts.fullDisks > 0 &&
      counts.checkpointsRead > 0,
    JSON.stringify(counts),
  );
});
