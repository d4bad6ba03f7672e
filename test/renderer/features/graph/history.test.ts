import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begin, record, redo, undo } from '../../../../renderer/features/graph/history.ts';

test('undo and redo step through the history; a new step drops undone ones', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.integer(), fc.constant('undo' as const), fc.constant('redo' as const))),
      (steps) => {
        let history = begin(0);
        const list = [0];
        let at = 0;
        for (const step of steps) {
          if (step === 'undo') {
            history = undo(history);
            at = Math.max(0, at - 1);
          } else if (step === 'redo') {
            history = redo(history);
            at = Math.min(list.length - 1, at + 1);
          } else {
            history = record(history, step);
            list.splice(++at, Infinity, step);
          }
          assert.equal(history.present, list[at]);
        }
      },
    ),
  );
});
