// The lab as its user meets it: an adapter is looked into, measured, cut, merged with its copy, and its file verified.

import type { Page } from '@playwright/test';
import { checkFace } from './axe.ts';
import { expect, fillSmallRun, openPage, place, test } from './support.ts';

/** SwiftShader needs a minute for what a GPU does at once. */
const SLOW = 4 * 60_000;

async function train(page: Page, name: string): Promise<void> {
  const others = { 'Learning rate': 0.02 };
  await fillSmallRun(page, { steps: 4, name, rank: 3, rowsPerStep: 2, tokensPerRow: 48, others });
  const run = page.getByRole('region', { name: 'Run', exact: true });
  await run.getByRole('button', { name: 'Start training' }).click();
  await expect(run.getByText('Done: 4 steps in')).toBeVisible({ timeout: SLOW });
}

test('look inside an adapter: what changed, ranks, strengths, likeness, receipt', async ({ page }) => {
  await openPage(page);
  await train(page, 'haiku');
  await place(page, 'Library').click();
  await page.getByRole('button', { name: 'Look inside: haiku' }).click();
  await expect(page.getByRole('heading', { name: 'Inside haiku' })).toBeVisible();
  const region = (name: string) => page.getByRole('region', { name });

  await test.step('every matrix is there with its share of the base, and one can be chosen', async () => {
    const map = region('Where it changed the base');
    const cell = map.getByRole('button', { name: /model\.layers\.2\.mlp\.up_proj: .* % of the matrix/ });
    await cell.click();
    await expect(map.getByRole('heading', { name: /^model\.layers\.2\.mlp\.up_proj/ })).toBeVisible();
    await expect(map.getByText(/directions are in use/)).toBeVisible();
  });

  await test.step('the loss at each rank is measured, and a smaller copy kept', async () => {
    const rank = region('A smaller copy');
    await rank.getByRole('button', { name: 'Measure the loss at each rank' }).click();
    await expect(rank.getByText('that were held back from it')).toBeVisible({ timeout: SLOW });
    const rows = rank.getByRole('table').getByRole('row');
    await expect(rows).toHaveCount(5);
    const losses = (await rows.allTextContents()).slice(1).map((row) => Number(/([\d.]+)$/.exec(row)![1]));
    expect(losses[3], 'the whole adapter is better than the base alone').toBeLessThan(losses[0]!);
    await rank.getByRole('slider', { name: 'Rank of the copy' }).fill('1');
    await expect(rank.getByText(/rank 1 of 3: .*stays, loss/)).toBeVisible();
    await rank.getByRole('button', { name: 'Keep a copy at rank 1' }).click();
    await expect(rank.getByRole('button', { name: 'Keep a copy at rank 1' })).toBeEnabled({ timeout: SLOW });
  });

  await test.step('what it costs is measured at each strength, from the base alone', async () => {
    const cost = region('What it costs');
    await cost.getByRole('button', { name: 'Measure the trade-off' }).click();
    await expect(cost.getByText(/General text: \d+ tokens/)).toBeVisible({ timeout: SLOW });
    await expect(cost.getByRole('button', { name: 'Measure the trade-off' })).toBeVisible({ timeout: SLOW });
    const rows = (await cost.getByRole('table').getByRole('row').allTextContents()).slice(1);
    expect(rows.length).toBe(4);
    expect(rows[0], 'the base has forgotten nothing').toMatch(/0$/);
    await expect(cost.getByRole('img', { name: /^Loss of the task by distance from the base/ })).toBeVisible();
  });

  await test.step('the file is what the run left', async () => {
    const verify = region('Is the file whole?');
    await verify.getByRole('button', { name: 'Verify' }).click();
    await expect(verify.getByText('Nothing failed.')).toBeVisible({ timeout: SLOW });
    await expect(verify.getByText(/are those of the run, bit for bit/)).toBeVisible();
    const base = region('The base’s own spectrum');
    await base.getByRole('button', { name: 'Show' }).click();
    await expect(base.getByText(/The largest 64, from/)).toBeVisible({ timeout: SLOW });
  });

  await checkFace(page, 'lab');

  await test.step('the copy is alike, and the two are merged into a third', async () => {
    await page.getByRole('button', { name: 'Back to the library' }).click();
    await page.getByRole('button', { name: 'Look inside: haiku, rank 1' }).click();
    const others = region('Beside other adapters');
    await expect(others.getByText(/^haiku: 0\.\d+$/)).toBeVisible();
    await region('Merge with another').getByRole('button', { name: 'Merge into a new adapter' }).click();
    await expect(others.getByText(/^haiku, rank 1 \+ haiku: /)).toBeVisible({ timeout: SLOW });
    await checkFace(page, 'lab-others');
    await page.getByRole('button', { name: 'Back to the library' }).click();
    await expect(page.getByRole('article')).toHaveCount(3);
  });
});
