import assert from 'node:assert/strict';
import { test } from 'node:test';
import { studyReport } from '../../../../renderer/features/report/report.ts';
import type { Lab } from '../../../../core/lab/lab.ts';
import { newStudy } from '../../../contract/samples.ts';
import { playedLab } from '../../played-lab.ts';

/** A study in a state that a report may meet. */
const scenes = {
  ready: () =>
    playedLab([], (store) => {
      store.addStudy(newStudy());
    }),
  one: () => playedLab([{ trials: 1, epochs: 8 }]),
  failed: () => playedLab([{ trials: 3, epochs: 8, ends: 'failed' }]),
  nan: () => playedLab([{ trials: 3, epochs: 8, ends: 'nan' }]),
  interrupted: () => playedLab([{ trials: 9, epochs: 8, ends: 'halfway' }]),
} satisfies Record<string, () => Lab>;
type Scene = keyof typeof scenes;

async function report(scene: Scene, name?: string): Promise<string> {
  const lab = scenes[scene]();
  try {
    const view = await lab.request('studies.open', { study: 1 });
    return studyReport({
      card: name === undefined ? view : { ...view, study: { ...view.study, name } },
      rungs: view.rungs,
      rows: view.trials,
      curves: new Map(view.curves.map((curve) => [curve.run, curve])),
      decisions: await lab.request('decisions.list', { study: 1 }),
      reruns: view.reruns,
      provenance: { seed: 7, revision: 'abc' },
      at: 0,
    });
  } finally {
    await lab.close('at-once');
  }
}

for (const scene of Object.keys(scenes) as Scene[]) {
  test(`a report of a study in the state "${scene}" is whole and loads nothing`, async () => {
    const html = await report(scene);
    assert.match(html, /^<!doctype html>/);
    assert.ok(html.trimEnd().endsWith('</html>'));
    assert.ok(
      !/NaN|undefined|Infinity/.test(html.replace(/not a number/g, '')),
      /.{40}(NaN|undefined|Infinity).{40}/s.exec(html)?.[0],
    );
    assert.ok(!/<(script|link|img|iframe)|https?:\/\/(?!www\.w3\.org\/2000\/svg)/.test(html));
    assert.match(html, /&quot;revision&quot;: &quot;abc&quot;/);
  });
}

test('names from strangers stay text', async () => {
  const html = await report('one', '</title><script>alert(1)</script>');
  assert.ok(!html.includes('<script'));
  assert.match(html, /&lt;script&gt;/);
});

test('the accuracy of a stopped trial names its epoch', async () => {
  const html = await report('interrupted');
  assert.match(
    html,
    /<figcaption>Trial \d+: \d+\.\d\d % at epoch \d+, stopped early<\/figcaption>/,
  );
});
