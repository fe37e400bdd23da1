// The whole of Graft as its user meets it: drop a dataset, train, ask, download, come back.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { dropFiles, EXAMPLE, expect, openPage, place, ROOT, readSafetensors, readZip, test } from './support.ts';

/** Ten chats with a system prompt, as other projects publish them; stands beside the repository on some machines. */
const PIRATES = path.join(ROOT, '../shared/datasets/messages-pirate.jsonl');

const RUN = { steps: 25, rank: 4, learningRate: 0.01, rowsPerStep: 2, tokensPerRow: 64 };
/** What the curve, a moving average, must fall by: SwiftShader shows about a fifth, noise alone a few hundredths. */
const LEAST_FALL = 0.1;

async function fill(page: Page, name: string, value: number): Promise<void> {
  await page.getByRole('region', { name: 'Settings' }).getByRole('spinbutton', { name }).fill(String(value));
}

test('drop a dataset, train an adapter, ask it, download it, find it again', async ({ page }) => {
  await openPage(page);

  await test.step('the dropped file is read, mapped and shown as tokens', async () => {
    await dropFiles(page, [EXAMPLE]);
    await expect(page.getByRole('heading', { name: 'weather-haiku.jsonl' })).toBeVisible();
    const mapping = page.getByRole('region', { name: 'How it is read' });
    await expect(mapping.getByRole('combobox', { name: 'Shape' })).toHaveValue('prompt-completion');
    await expect(mapping.getByRole('combobox', { name: 'Answer column' })).toHaveValue('completion');
    const rows = page.getByRole('region', { name: 'Rows as the model sees them' }).getByRole('figure');
    await expect(rows.first()).toContainText('weather-haiku.jsonl, line 1');
    const counts = await rows
      .first()
      .getByText(/\d+ of \d+ tokens trained on/)
      .textContent();
    const [supervised, all] = counts!.match(/\d+/g)!.map(Number);
    expect(supervised).toBeGreaterThan(0);
    expect(supervised, 'the prompt is not trained on').toBeLessThan(all!);
  });

  await test.step('training lowers the loss', async () => {
    await place(page, 'Train').click();
    await fill(page, 'Rank', RUN.rank);
    await fill(page, 'Learning rate', RUN.learningRate);
    await page.getByRole('radio', { name: 'Steps' }).check();
    await fill(page, 'Steps', RUN.steps);
    await fill(page, 'Rows per step', RUN.rowsPerStep);
    await fill(page, 'Tokens per row', RUN.tokensPerRow);
    await page.getByRole('textbox', { name: 'Name of the adapter' }).fill('haiku');
    const run = page.getByRole('region', { name: 'Run', exact: true });
    await run.getByRole('button', { name: 'Start training' }).click();
    await expect(run.getByText(`Done: ${RUN.steps} steps in`)).toBeVisible({ timeout: 8 * 60_000 });
    const curve = await run.getByRole('img', { name: /^Loss went from/ }).getAttribute('aria-label');
    const [first, last, steps] = curve!.match(/[\d.]+/g)!.map(Number);
    expect(steps).toBe(RUN.steps);
    expect(last, `${curve}: it has to fall by ${100 * LEAST_FALL} %`).toBeLessThan(first! * (1 - LEAST_FALL));
    const judged = await run.getByText(/^On the rows held back: base/).textContent();
    const [base, adapter] = judged!.match(/\d+\.\d+/g)!.map(Number);
    expect(adapter, judged!).toBeLessThan(base!);
  });

  await test.step('base and adapter answer the same question', async () => {
    await page.getByRole('region', { name: 'Run', exact: true }).getByRole('button', { name: 'Try it' }).click();
    await page.getByRole('textbox', { name: 'Prompt' }).fill('Weather: a storm');
    await page.getByRole('spinbutton', { name: 'Longest answer' }).fill('12');
    await page.getByRole('button', { name: 'Ask both' }).click();
    for (const whose of ['Base', 'haiku']) {
      const answer = page.getByRole('article', { name: whose });
      await expect(answer).toContainText(/finished|cut at the longest answer/, { timeout: 3 * 60_000 });
      await expect(answer).toContainText('tokens/s');
    }
  });

  await test.step('the download is a PEFT adapter, to the byte', async () => {
    await place(page, 'Library').click();
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download: haiku' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe('haiku.zip');
    checkAdapter(readZip(await download.path()));
  });

  await test.step('the adapter is still there after a reload', async () => {
    await page.reload();
    await place(page, 'Library').click();
    const card = page.getByRole('article', { name: 'haiku' });
    await expect(card).toContainText('weather-haiku.jsonl');
    await expect(card.getByRole('button', { name: 'Try: haiku' })).toBeEnabled();
  });
});

test('a chat file from elsewhere is read as chats', async ({ page }) => {
  test.skip(!existsSync(PIRATES), `${PIRATES} is not on this machine`);
  await openPage(page);
  await dropFiles(page, [PIRATES]);
  const mapping = page.getByRole('region', { name: 'How it is read' });
  await expect(mapping.getByRole('combobox', { name: 'Shape' })).toHaveValue('messages');
  const rows = page.getByRole('region', { name: 'Rows as the model sees them' }).getByRole('figure');
  await expect(rows.first()).toContainText('You are a helpful pirate assistant');
  await expect(page.getByRole('button', { name: 'Start training' })).toBeEnabled();
  // Ten rows are three epochs of a few steps.
  const more = page.getByRole('button', { name: /^Train for \d+ epochs, \d+ steps$/ });
  await more.click();
  await expect(more).toBeHidden();
});

/** The files, their fields and every number in them. */
function checkAdapter(files: Map<string, Buffer>): void {
  expect([...files.keys()].sort()).toEqual([
    'README.md',
    'adapter_config.json',
    'adapter_model.safetensors',
    'graft_receipt.json',
  ]);
  const card = files.get('README.md')!.toString();
  expect(card).toContain('weather-haiku.jsonl');
  expect(card, 'a model card starts with its metadata').toMatch(/^---\n[\s\S]*\n---\n/);

  const config = JSON.parse(files.get('adapter_config.json')!.toString());
  const expected = { peft_type: 'LORA', task_type: 'CAUSAL_LM', r: RUN.rank, bias: 'none', fan_in_fan_out: false };
  expect(config).toMatchObject({ ...expected, inference_mode: true, use_rslora: false, modules_to_save: null });
  expect(config.lora_alpha).toBeGreaterThan(0);
  expect(config.base_model_name_or_path).toBeTruthy();

  const base = JSON.parse(readFileSync(path.join(ROOT, 'public/models/scion/config.json'), 'utf8'));
  const { metadata, tensors } = readSafetensors(files.get('adapter_model.safetensors')!);
  expect(metadata.format, 'older transformers refuse a file without it').toBe('pt');
  const names = /^base_model\.model\.model\.layers\.(\d+)\.(self_attn|mlp)\.(\w+_proj)\.lora_([AB])\.weight$/;
  const layers = new Set<string>();
  for (const [name, { shape, values }] of tensors) {
    const [, layer, , linear, factor] = name.match(names) ?? [];
    expect(linear, `${name} is named as PEFT names it`).toBeDefined();
    expect(config.target_modules.some((target: string) => name.includes(`.${target}.`))).toBe(true);
    expect(factor === 'A' ? shape[0] : shape[1], name).toBe(RUN.rank);
    expect(values.every(Number.isFinite), `${name} is finite`).toBe(true);
    expect(
      values.some((value) => value !== 0),
      `${name} has learned something`,
    ).toBe(true);
    layers.add(layer!);
  }
  expect(layers.size).toBe(base.num_hidden_layers);
  const linears = tensors.size / 2 / base.num_hidden_layers;
  expect(linears, 'all linear layers: q, k, v, o, gate, up, down').toBe(7);
}
