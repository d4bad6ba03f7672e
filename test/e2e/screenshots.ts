import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { helpIfAsked } from '../../build/help.js';
import { ServedApp, withoutBrowser } from './app.ts';
import { LabHere } from './lab-here.ts';
import { labWithMachines } from './machines-shown.ts';
import { addStudies, tinyPlan } from './tiny-study.ts';

helpIfAsked(`npm run screenshots              takes the README's pictures of the app, from a study that is
                                 really trained: about five minutes
npm run screenshots -- FOLDER    writes more of them to FOLDER: every view, light and dark, small,
                                 large and narrow`);
if (withoutBrowser) throw new Error(withoutBrowser);
const all = process.argv[2];
const folder = all ?? fileURLToPath(new URL('../../renderer/pictures', import.meta.url));
await mkdir(folder, { recursive: true });
const NAME = 'Three small networks';
const small = { width: 1280, height: 800 };
const large = { width: 2560, height: 1440 };
const narrow = { width: 800, height: 900 };
const suffixes = new Map([
  [large, '-large'],
  [narrow, '-narrow'],
]);

/** The label and node 2 always teach the target, so that there is something to see. */
const always = new Set(['0-1', '2-1']);
const plan = tinyPlan({ nodes: 3, trials: 20, epochs: 8, images: 600 });
const edges = plan.space.edges.map((edge) =>
  always.has(`${edge.source}-${edge.destination}`)
    ? { ...edge, gates: edge.gates.filter((gate) => gate !== 'cutoff') }
    : edge,
);

const app = await ServedApp.open((file) => {
  addStudies(file, [{ name: NAME, plan: { ...plan, space: { ...plan.space, edges } } }]);
});
try {
  const context = await app.context();
  const { page } = await app.visit(context, '#/studies/1');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByText('5 / 20').waitFor({ timeout: 400_000 });
  await shoot('study-running', '#/studies/1', all ? undefined : ['light']);
  await page.getByText('20 / 20').waitFor({ timeout: 600_000 });
  const best = await page.getByRole('link', { name: /%$/ }).first().getAttribute('href');
  await page.getByRole('button', { name: 'Re-run ×5' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('All-Through').uncheck();
  await dialog.getByLabel('KD', { exact: true }).uncheck();
  await dialog.getByLabel('KD + DML').uncheck();
  await dialog.getByRole('button', { name: 'Start' }).click();
  await page.waitForURL(/reruns/);
  const rerun = new URL(page.url()).hash;
  await shoot('study', '#/studies/1');
  await shoot('graph', best!);
  await page.getByText('15 / 15 runs').waitFor({ timeout: 900_000 });
  await shoot('rerun', rerun);
  if (all)
    for (const [name, address] of [
      ['studies', '#/studies'],
      ['new-study', '#/studies/new'],
      ['graphs', '#/graphs'],
      ['editor', '#/graph/resnet32%3DTLC%2Cresnet110%3DXXX%2Cwrn-28-2%3DTTX'],
      ['compare', '#/compare?runs=1.0,1.1,1.2'],
      ['data', '#/data'],
      ['settings', '#/settings'],
      ['log', '#/log'],
    ] as const)
      await shoot(name, address);
} finally {
  await app.close();
}

await shootMachines();

/** The panel of other machines, in a lab that only shows some. */
async function shootMachines(): Promise<void> {
  const here = await LabHere.open(labWithMachines(4).lab);
  try {
    const { page } = await here.visit('#/settings', { viewport: small, reducedMotion: 'reduce' });
    const panel = page.locator('section', { has: page.getByText('Other machines') });
    await panel.getByRole('listitem').last().waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await panel.screenshot({ path: join(folder, `machines-${colorScheme}.png`) });
    }
  } finally {
    await here.close();
  }
}

/** The README's pictures are small, one in each light; a look at everything is also large. */
async function shoot(
  name: string,
  address: string,
  lights: readonly ('light' | 'dark')[] = ['light', 'dark'],
): Promise<void> {
  for (const viewport of all ? [small, large, narrow] : [small])
    for (const colorScheme of lights) {
      const context = await app.twin({ viewport, colorScheme });
      const { page } = await app.visit(context, address);
      await page.locator('main h1').first().waitFor();
      await page.waitForTimeout(1500); // moving parts come to rest
      await page.screenshot({
        path: join(folder, `${name}-${colorScheme}${suffixes.get(viewport) ?? ''}.png`),
      });
      await context.close();
    }
}
