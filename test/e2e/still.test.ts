/** What a person looks at stays in its place while a study begins that another face has started. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { paperSpace } from '../../core/graph/space.ts';
import type { StudyPlan } from '../../core/study/plan.ts';
import { scriptedLab } from '../lab/support.ts';
import { withoutBrowser } from './app.ts';
import { LabHere } from './lab-here.ts';
import { tinyPlan } from './tiny-study.ts';

/**
 * Collects what moves by more than a pixel without a person's doing; words that grow at one end stay
 * in their place. The selected trial follows the best one: another graph has other signs, which is
 * no jump.
 */
const WATCH = `
  window.moved = [];
  const rectOf = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(' ');
  new PerformanceObserver((list) => {
    for (const { sources } of list.getEntries())
      for (const { node, previousRect: from, currentRect: to } of sources) {
        const element = node?.nodeType === Node.TEXT_NODE ? node.parentElement : node;
        const far = (edge) => Math.abs(from[edge] - to[edge]) > 1;
        const jumps = far('y') || (far('left') && far('right'));
        if (!jumps || from.width === 0 || to.width === 0 || !element) continue;
        if (element.closest('[aria-label="Selected trial"]')) continue;
        const text = element.innerText?.slice(0, 40);
        moved.push(element.className + ' "' + text + '": ' + rectOf(from) + ' to ' + rectOf(to));
      }
  }).observe({ type: 'layout-shift' });
`;

const plan = tinyPlan({ nodes: 3, trials: 8, epochs: 4, images: 600 });
const taught: StudyPlan = { ...plan, space: { ...paperSpace(2, 'resnet8', ['resnet8']) } };

/** Starts a study as the command line does while a page shows it; what moves until half its end. */
async function movedAt(place: string, shown: string, plan: StudyPlan): Promise<string[]> {
  const lab = scriptedLab({ pace: 50, slots: 4 });
  const name = 'Begun elsewhere';
  const { study } = await lab.request('studies.create', { name, plan, start: false });
  const here = await LabHere.open(lab);
  try {
    const { page } = await here.visit(place);
    await page.getByText(shown).first().waitFor();
    await page.evaluate(WATCH);
    await lab.request('studies.resume', { study: study.id });
    await page
      .getByText(/[4-7] \/ 8/)
      .first()
      .waitFor();
    return await page.evaluate<string[]>('moved');
  } finally {
    await here.close();
  }
}

describe('a study that another face starts', { skip: withoutBrowser }, () => {
  test('moves nothing on its page', async () => {
    assert.deepEqual(await movedAt('#/studies/1', 'No trial has been drawn yet', plan), []);
  });

  test('moves nothing on its page while it waits for pretrained networks', async () => {
    assert.deepEqual(await movedAt('#/studies/1', 'No trial has been drawn yet', taught), []);
  });

  test('moves nothing in the list of studies', async () => {
    assert.deepEqual(await movedAt('#/studies', 'Begun elsewhere', plan), []);
  });
});
