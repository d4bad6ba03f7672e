import type { Page } from 'playwright-core';

const patient = { timeout: 90_000 };

/** From the first page: one click measures and trains, live; Stop ends it. */
export async function quickLook(page: Page): Promise<void> {
  await page.getByRole('heading', { name: 'Who should teach whom?' }).waitFor();
  await page.getByRole('button', { name: 'Quick look' }).click();
  // A slow machine offers a smaller one beside it.
  const usual = page.getByRole('dialog').getByRole('button', { name: /^Start \d+ trials$/ });
  const study = page.getByRole('heading', { name: 'Quick look', level: 1 });
  await usual.or(study).waitFor(patient);
  if (await usual.isVisible()) await usual.click();
  await page.waitForURL(/#\/studies\/1$/);
  await study.waitFor();
  await page
    .getByText(/epoch 0 \/ 8/)
    .first()
    .waitFor(patient);
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.getByRole('button', { name: 'Now' }).click();
  await page.getByRole('button', { name: 'Resume' }).waitFor(patient);
}
