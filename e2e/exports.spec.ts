// An adapter goes out of the library in every form, and comes in again from another program's.

import { readFileSync } from 'node:fs';
import type { Download, Page, Route } from '@playwright/test';
import { startFakeHub, WRITE_TOKEN } from '../src/model/hub/testing/fake-hub.ts';
import { checkState, keepPicture } from './axe.ts';
import { expect, openPage, place, readZip, test } from './support.ts';

const HUB = 'https://huggingface.co';
const STORAGE = 'https://cdn.hf.co';
test.use({ otherHosts: [HUB, STORAGE] });

/** q_proj of Scion's first block, rank 2. */
const SHAPES = { 'lora_A.weight': [2, 256], 'lora_B.weight': [256, 2] } as const;

/** A PEFT adapter for Scion, by the letter of the format. */
function adapterFiles() {
  const header: Record<string, unknown> = {};
  const values: number[] = [];
  for (const [name, shape] of Object.entries(SHAPES)) {
    const begin = 4 * values.length;
    for (let i = 0; i < shape[0] * shape[1]; i++) values.push(Math.sin(i) / 8);
    const key = `base_model.model.model.layers.0.self_attn.q_proj.${name}`;
    header[key] = { dtype: 'F32', shape, data_offsets: [begin, 4 * values.length] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(json.length));
  const config = { peft_type: 'LORA', r: 2, lora_alpha: 4, target_modules: ['q_proj'], layers_to_transform: [0] };
  return [
    { name: 'adapter_config.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(config)) },
    {
      name: 'adapter_model.safetensors',
      mimeType: 'application/octet-stream',
      buffer: Buffer.concat([size, json, Buffer.from(Float32Array.from(values).buffer)]),
    },
  ];
}

/** What is selected in the field that has the focus. */
const SELECTED = `(({ value, selectionStart, selectionEnd }) => value.slice(selectionStart, selectionEnd))(document.activeElement)`;

async function downloadAs(page: Page, format: string): Promise<Download> {
  await page
    .getByRole('button', { name: /^Other formats/ })
    .first()
    .click();
  const begun = page.waitForEvent('download', { timeout: 60_000 });
  await page.getByRole('menuitem', { name: new RegExp(`^${format}`) }).click();
  return begun;
}

test('an adapter is downloaded in other formats, merged ones too, and comes back from one', async ({ page }) => {
  await openPage(page);
  await place(page, 'Library').click();
  await page.getByLabel('Adapter files or zip').setInputFiles(adapterFiles());
  await expect(page.getByRole('article')).toHaveCount(1);

  const gguf = await downloadAs(page, 'llama.cpp adapter');
  expect(gguf.suggestedFilename()).toMatch(/\.gguf$/);
  const adapter = readFileSync(await gguf.path());
  expect(adapter.toString('latin1', 0, 4)).toBe('GGUF');
  expect(adapter.includes('blk.0.attn_q.weight.lora_a')).toBe(true);

  const howTo = page.getByRole('region', { name: /^How to use .*\.gguf$/ });
  await expect(howTo, 'the file’s own name stands in the line to copy').toContainText(
    `llama-cli -m base.gguf --lora ${gguf.suggestedFilename()}`,
  );
  await expect(howTo).toContainText('the merged formats have it inside');
  await checkState(page, 'how-to-use');

  await test.step('its line is copied, or given to be copied by hand where the browser refuses', async () => {
    const line = `llama-cli -m base.gguf --lora ${gguf.suggestedFilename()}`;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await howTo.getByRole('button', { name: 'Copy' }).click();
    await expect(howTo.getByRole('button', { name: 'Copied' })).toBeVisible();
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toContain(line);
    await keepPicture(page, 'copied');
    // As a browser does to a page that nobody looks at.
    await page.evaluate(
      `navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'))`,
    );
    await howTo.getByRole('button', { name: 'Copied' }).click();
    const byHand = page.getByRole('dialog', { name: 'Copy it by hand' });
    await expect(byHand.getByRole('textbox', { name: 'Text to copy' })).toBeFocused();
    expect(await page.evaluate<string>(SELECTED)).toContain(line);
    await checkState(page, 'copy-by-hand');
    await byHand.getByRole('button', { name: 'Close' }).click();
    await expect(howTo.getByRole('button', { name: /^Cop/ }), 'the focus is back').toBeFocused();
  });

  const merged = readFileSync(await (await downloadAs(page, 'Merged model, GGUF')).path());
  expect(merged.toString('latin1', 0, 4)).toBe('GGUF');
  expect(merged.length).toBeGreaterThan(10e6); // 5 million numbers in f16

  const ollama = readZip(await (await downloadAs(page, 'Ollama')).path());
  expect([...ollama.keys()].sort()).toEqual(['Modelfile', 'adapter_receipt.json', 'model.gguf']);
  expect(ollama.get('Modelfile')!.toString()).toContain('PARAMETER stop "<|im_end|>"');

  const ollamaLines = page.getByRole('region', { name: /^How to use .*-ollama\.zip$/ });
  await expect(ollamaLines).toContainText(/ollama create [a-z0-9._-]+ -f Modelfile/);
  await ollamaLines.getByRole('button', { name: 'Close' }).click();
  await expect(ollamaLines).toBeHidden();

  const mlx = await downloadAs(page, 'MLX adapter');
  expect([...readZip(await mlx.path()).keys()]).toContain('adapters.safetensors');
  await page.getByLabel('Adapter files or zip').setInputFiles({
    name: 'from-mlx.zip',
    mimeType: 'application/zip',
    buffer: readFileSync(await mlx.path()),
  });
  await expect(page.getByRole('article', { name: 'from-mlx' })).toBeVisible();

  await downloadFails(page);
});

/** A folder for a cluster needs rows, a merged model needs room: the card says why there is no file, and what can be done. */
async function downloadFails(page: Page): Promise<void> {
  const take = async (format: RegExp) => {
    await page
      .getByRole('button', { name: /^Other formats/ })
      .first()
      .click();
    await page.getByRole('menuitem', { name: format }).click();
  };
  const failed = page.getByRole('article').getByRole('alert');
  await take(/^Folder for a cluster/);
  await expect(failed).toContainText(/found no dataset open/);
  await expect(failed.getByRole('button', { name: 'Go to Data' })).toBeVisible();

  const session = await page.context().newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin, quotaSize: 1_000_000 });
  await take(/^Merged model, GGUF/);
  await expect(failed).toContainText('the storage that this browser gives to the page is full');
  await expect(failed).toContainText('take the adapter alone');
  await checkState(page, 'export-failed');
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin });
  await failed.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('region', { name: /^How to use .*\.gguf$/ })).toBeVisible();
}

test('an adapter is sent to the Hub, with its card, by a token that nothing keeps', async ({ page }) => {
  const hub = await startFakeHub({});
  for (const origin of [HUB, STORAGE])
    await page.context().route(`${origin}/**`, (route) => answerFromFake(route, hub.endpoint));
  await openPage(page);
  await place(page, 'Library').click();
  await page.getByLabel('Adapter files or zip').setInputFiles(adapterFiles());
  await page.getByRole('button', { name: /^Other formats/ }).click();
  await page.getByRole('menuitem', { name: /^Hugging Face Hub/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Repository', { exact: true }).fill('me/small');

  await dialog.getByLabel('Token', { exact: true }).fill('hf_wrong');
  await dialog.getByRole('button', { name: 'Send' }).click();
  await expect(dialog.getByRole('alert')).toContainText('does not know this token');
  await checkState(page, 'push-refused');

  await dialog.getByLabel('Token', { exact: true }).fill(WRITE_TOKEN);
  await dialog.getByRole('button', { name: 'Send' }).click();
  await expect(dialog.getByRole('link', { name: `${HUB}/me/small` })).toBeVisible();
  await checkState(page, 'push-done');
  const { files, isPrivate } = hub.pushed.get('me/small')!;
  expect(isPrivate).toBe(true);
  expect([...files.keys()].sort()).toEqual([
    'README.md',
    'adapter_config.json',
    'adapter_model.safetensors',
    'graft_receipt.json',
  ]);
  expect(new TextDecoder().decode(files.get('README.md'))).toContain('"me/small"');
  const kept = await page.evaluate<string>('JSON.stringify({ ...localStorage, ...sessionStorage })');
  expect(kept).not.toContain(WRITE_TOKEN);
  await hub.close();
});

/** The fake Hub's answers under the names that the page's policy allows; its storage is told by its port. */
async function answerFromFake(route: Route, endpoint: string): Promise<void> {
  const request = route.request();
  const url = new URL(request.url());
  const [, port, rest] = /^\/(\d+)(\/put\/.*)$/.exec(url.pathname) ?? [];
  const target = port ? `http://127.0.0.1:${port}${rest}` : `${endpoint}${url.pathname}${url.search}`;
  const { authorization, 'content-type': type } = request.headers();
  const answer = await fetch(target, {
    method: request.method(),
    headers: { ...(authorization && { authorization }), ...(type && { 'content-type': type }) },
    body: request.postDataBuffer() as Uint8Array<ArrayBuffer> | null,
  });
  const body = (await answer.text()).replace(/http:\/\/127\.0\.0\.1:(\d+)\/put/g, `${STORAGE}/$1/put`);
  const headers = { 'access-control-allow-origin': '*', 'content-type': 'application/json' };
  await route.fulfill({ status: answer.status, headers, body });
}
