// The methods beside LoRA on the page: chosen among all settings, trained, named in the library, verified, and used.

import path from 'node:path';
import type { Page } from '@playwright/test';
import { checkFace } from './axe.ts';
import { dropFiles, expect, openPage, place, ROOT, readZip, test } from './support.ts';

const EXAMPLE = path.join(ROOT, 'public/examples/weather-haiku.jsonl');
/** SwiftShader needs a minute for what a GPU does at once. */
const SLOW = 4 * 60_000;

const settings = (page: Page) => page.getByRole('region', { name: 'Settings' });

async function train(page: Page, name: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Name of the adapter' }).fill(name);
  const run = page.getByRole('region', { name: 'Run', exact: true });
  await run.getByRole('button', { name: /^(Start training|Train again)$/ }).click();
  await expect(run.getByText('Done: 3 steps in')).toBeVisible({ timeout: SLOW });
}

test('IA³ and a soft prompt are trained, told apart in the library, verified and used', async ({ page }) => {
  await openPage(page);
  await dropFiles(page, [EXAMPLE]);
  await expect(page.getByRole('heading', { name: 'weather-haiku.jsonl' })).toBeVisible();
  await place(page, 'Train').click();
  const fill = (field: string, value: number) =>
    settings(page).getByRole('spinbutton', { name: field }).fill(String(value));
  await page.getByRole('radio', { name: 'Steps' }).check();
  await fill('Steps', 3);
  await fill('Rows per step', 2);
  await fill('Tokens per row', 48);
  await fill('Learning rate', 0.05);
  await settings(page).getByRole('button', { name: 'All settings' }).click();
  const method = settings(page).getByLabel('Method');

  await test.step('IA³ has its own settings in the place of LoRA’s', async () => {
    await method.selectOption('IA³');
    await expect(settings(page).getByRole('spinbutton', { name: 'Rank' })).toHaveCount(0);
    await expect(settings(page).getByLabel('Scaled layers')).toHaveAttribute(
      'placeholder',
      'k_proj, v_proj, down_proj',
    );
    await train(page, 'scales');
  });

  await test.step('a soft prompt begins with a text', async () => {
    await method.selectOption('Prompt tuning');
    await fill('Virtual tokens', 6);
    await settings(page).getByLabel('Prompt begins with').selectOption('A text');
    await settings(page).getByLabel('Text', { exact: true }).fill('Write a haiku about the weather.');
    await settings(page).getByLabel('Text', { exact: true }).blur();
    await checkFace(page, 'methods-prompt');
    await train(page, 'prompt');
  });

  await test.step('the library names the method and offers what it can be written as', async () => {
    await place(page, 'Library').click();
    const card = page.getByRole('article', { name: 'scales' });
    await expect(card.getByText('IA³')).toBeVisible();
    await card.getByRole('button', { name: /^Other formats/ }).click();
    await expect(page.getByRole('menuitem', { name: /^Merged model, GGUF/ })).toBeVisible();
    await expect(page.getByRole('menuitem', { name: /^llama.cpp adapter/ })).toHaveCount(0);
    await expect(page.getByText('Only LoRA goes into the other formats; this is IA³.')).toBeVisible();
    await page.keyboard.press('Escape');
    const begun = page.waitForEvent('download');
    await card.getByRole('button', { name: 'Download: scales' }).click();
    const zip = readZip(await (await begun).path());
    const config = JSON.parse(zip.get('adapter_config.json')!.toString());
    expect(config).toMatchObject({ peft_type: 'IA3', feedforward_modules: expect.any(Array) });
    await card.getByRole('button', { name: 'Look inside: scales' }).click();
    await page.getByRole('button', { name: 'Verify' }).click();
    await expect(page.getByText(/bit for bit/)).toBeVisible({ timeout: SLOW });
  });

  await test.step('the prompt answers, there or not', async () => {
    await place(page, 'Play').click();
    const who = page.getByRole('region', { name: 'Who answers' });
    await who.getByRole('combobox').last().selectOption('prompt');
    await expect(who.getByText('A learned prompt stands before the text (1) or does not (0).')).toBeVisible();
  });
});
