// The methods beside LoRA on the page: chosen among all settings, trained, named in the library, verified, used, downloaded, and
// opened again from what was downloaded.

import { readFileSync } from 'node:fs';
import type { Download, Page } from '@playwright/test';
import { checkFace, checkState } from './axe.ts';
import { expect, fillSmallRun, openPage, place, readZip, test } from './support.ts';

/** SwiftShader needs a minute for what a GPU does at once. */
const SLOW = 4 * 60_000;

const settings = (page: Page) => page.getByRole('region', { name: 'Settings' });

async function train(page: Page, name: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Name of the adapter' }).fill(name);
  const run = page.getByRole('region', { name: 'Run', exact: true });
  await run.getByRole('button', { name: /^(Start training|Train again)$/ }).click();
  await expect(run.getByText('Done: 3 steps in')).toBeVisible({ timeout: SLOW });
}

/** What the adapter's card in the library downloads. */
async function download(page: Page, name: string): Promise<Download> {
  const begun = page.waitForEvent('download');
  await page.getByRole('button', { name: `Download: ${name}` }).click();
  return begun;
}

/** What each of the answers says to a question, by who gave it. */
async function answersOf(page: Page, whose: readonly string[]): Promise<Map<string, string>> {
  await page.getByRole('textbox', { name: 'Prompt' }).fill('Weather: a storm');
  await page.getByRole('button', { name: /^Ask/ }).click();
  const said = new Map<string, string>();
  for (const name of whose) {
    const answer = page.getByRole('article', { name, exact: true }).last();
    await expect(answer).toContainText(/finished|cut at/, { timeout: SLOW });
    said.set(name, (await answer.textContent()) ?? '');
  }
  return said;
}

/** Rows, three short steps and all settings; what fills in a number. */
async function openSettings(page: Page): Promise<(field: string, value: number) => Promise<void>> {
  await openPage(page);
  await fillSmallRun(page, { steps: 3, name: '', rowsPerStep: 2, tokensPerRow: 48, others: { 'Learning rate': 0.05 } });
  await settings(page).getByRole('button', { name: 'All settings' }).click();
  return (field, value) => settings(page).getByRole('spinbutton', { name: field }).fill(String(value));
}

test('IA³, a soft prompt and bottlenecks are trained, told apart, verified, used, downloaded and opened again', async ({
  page,
}) => {
  const fill = await openSettings(page);
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

  await test.step('bottlenecks have a size and a place', async () => {
    await method.selectOption('Bottleneck adapters');
    await expect(settings(page).getByRole('spinbutton', { name: 'Virtual tokens' })).toHaveCount(0);
    await settings(page).getByLabel('Placement').selectOption('Behind both parts');
    await fill('Reduction', 8);
    await checkFace(page, 'methods-bottleneck');
    await train(page, 'layers');
  });

  const kept = new Map<string, Map<string, Buffer>>();
  const zips = new Map<string, string>();
  await test.step('the library names the method and offers what it can be written as', async () => {
    await place(page, 'Library').click();
    for (const [name, label] of [
      ['scales', 'IA³'],
      ['prompt', 'prompt tuning'],
      ['layers', 'bottleneck adapters'],
    ] as const)
      await expect(page.getByRole('article', { name }).getByText(label)).toBeVisible();
    const card = page.getByRole('article', { name: 'scales' });
    await card.getByRole('button', { name: /^Other formats/ }).click();
    await expect(page.getByRole('menuitem', { name: /^Merged model, GGUF/ })).toBeVisible();
    await expect(page.getByRole('menuitem', { name: /^llama.cpp adapter/ })).toHaveCount(0);
    await expect(page.getByText('Only LoRA goes into the other formats; this is IA³.')).toBeVisible();
    await page.keyboard.press('Escape');
    for (const name of ['scales', 'prompt', 'layers']) {
      const file = await (await download(page, name)).path();
      zips.set(name, file);
      kept.set(name, readZip(file));
    }
    const config = (name: string) => JSON.parse(kept.get(name)!.get('adapter_config.json')!.toString());
    expect(config('scales')).toMatchObject({ peft_type: 'IA3', feedforward_modules: expect.any(Array) });
    expect(config('prompt')).toMatchObject({ peft_type: 'PROMPT_TUNING', num_virtual_tokens: 6 });
    expect(config('layers')).toMatchObject({ name: 'graft', config: { mh_adapter: true, reduction_factor: 8 } });
    await card.getByRole('button', { name: 'Look inside: scales' }).click();
    await page.getByRole('button', { name: 'Verify' }).click();
    await expect(page.getByText(/bit for bit/)).toBeVisible({ timeout: SLOW });
  });

  await test.step('IA³ merges with IA³, and the lab says by name why not with the others', async () => {
    const merge = page.getByRole('region', { name: 'Merge with another' });
    await merge.getByText('2 adapters cannot be merged with it').click();
    await expect(merge.getByText(/^prompt: found prompt tuning in "prompt", need LoRA or IA³/)).toBeVisible();
    await expect(merge.getByText(/^layers: found bottleneck adapters in "layers"/)).toBeVisible();
    await page.getByRole('button', { name: 'Back to the library' }).click();
    await page.getByRole('button', { name: 'Duplicate: scales' }).click();
    await page.getByRole('button', { name: 'Look inside: scales', exact: true }).click();
    await merge.getByRole('slider', { name: 'Weight of this one' }).fill('1');
    await expect(merge.getByText(/The weights add up to 1.50, not 1/)).toBeVisible();
    await checkState(page, 'lab-merge');
    await merge.getByRole('button', { name: 'Merge into a new adapter' }).click();
    await page.getByRole('button', { name: 'Back to the library' }).click();
    const merged = page.getByRole('article', { name: 'scales + scales, copy' });
    await expect(merged.getByText('IA³')).toBeVisible();
    for (const name of ['scales + scales, copy', 'scales, copy'])
      await page.getByRole('button', { name: `Delete: ${name}`, exact: true }).click();
    await expect(page.getByRole('article')).toHaveCount(3);
  });

  const answers = new Map<string, string>();
  await test.step('the base and all three answer side by side', async () => {
    await place(page, 'Play').click();
    const how = page.getByRole('region', { name: 'How it answers' });
    await how.getByRole('spinbutton', { name: 'Longest answer' }).fill('8');
    await how.getByRole('spinbutton', { name: 'Temperature' }).fill('0');
    const who = page.getByRole('region', { name: 'Who answers' });
    for (const [i, name] of ['scales', 'prompt', 'layers'].entries()) {
      if (i > 0) await page.getByRole('button', { name: 'Add an answer' }).click();
      await who.getByRole('combobox', { name: `Answer ${i + 2}` }).selectOption(name);
    }
    await expect(who.getByText('A learned prompt stands before the text (1) or does not (0).')).toBeVisible();
    for (const [name, said] of await answersOf(page, ['Base', ...kept.keys()])) answers.set(name, said);
    expect(answers.get('layers')).not.toBe(answers.get('Base'));
  });

  await test.step('what was downloaded is opened again, to the byte', async () => {
    await place(page, 'Library').click();
    for (const [name, zip] of zips) {
      await page.getByRole('button', { name: `Delete: ${name}` }).click();
      await expect(page.getByRole('article', { name })).toHaveCount(0);
      const file = { name: `${name}.zip`, mimeType: 'application/zip', buffer: readFileSync(zip) };
      await page.getByLabel('Adapter files or zip').setInputFiles(file);
      await expect(page.getByRole('article', { name })).toBeVisible();
      const again = readZip(await (await download(page, name)).path());
      for (const [part, bytes] of kept.get(name)!)
        if (part.endsWith('.safetensors')) expect(again.get(part)!.equals(bytes), `${name}: ${part}`).toBe(true);
    }
  });
});

test('a LoRA begins with what its rows show, and the rank is shared out by it', async ({ page }) => {
  const fill = await openSettings(page);
  // Few directions are found soon.
  await fill('Rank', 2);
  await settings(page).getByLabel('Begins with').selectOption('What your rows vary in (EVA)');
  await settings(page).getByRole('group', { name: 'Most rank of a layer' }).getByText('4 × rank').click();
  await expect(settings(page).getByText(/At most: EVA shares the rank out/)).toBeVisible();
  await checkFace(page, 'methods-eva');
  await train(page, 'shown');
  const begun = page.waitForEvent('download');
  await page
    .getByRole('region', { name: 'Run', exact: true })
    .getByRole('button', { name: /^Download/ })
    .click();
  const zip = readZip(await (await begun).path());
  const config = JSON.parse(zip.get('adapter_config.json')!.toString());
  expect(config).toMatchObject({ init_lora_weights: 'eva', eva_config: { rho: 4 } });
  expect(Object.keys(config.rank_pattern).length).toBeGreaterThan(0);
});
