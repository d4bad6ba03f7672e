import assert from 'node:assert/strict';
import { test } from 'node:test';
import { soak } from './soak.ts';

void test('a lab that is killed again and again loses nothing', async () => {
  const counts = await soak(8, 7, () => undefined);
  assert.ok(
    counts.kills >= 8 &&
      counts.fullDisks > 0 &&
      counts.interruptedRuns > 0 &&
      counts.checkpointsRead > 0,
  );
});
