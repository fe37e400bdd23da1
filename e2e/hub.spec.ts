// A model opened by its id. Requests to huggingface.co are answered by the fake Hub, so the page is the one that is built,
// with its policy.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Route } from '@playwright/test';
import { type FakeHub, startFakeHub } from '../src/model/hub/testing/fake-hub.ts';
import { writeSafetensors } from '../src/model/safetensors.ts';
import { checkState } from './axe.ts';
import { expect, openPage, place, ROOT, test } from './support.ts';

const HUB = 'https://huggingface.co';
const MODEL = path.join(ROOT, 'src/train/testing/fixtures/llama/model');
const TOKEN = 'hf_of_this_test';

test.use({ otherHosts: [HUB] });

/** Bytes that a request for weights asks for. */
const PART = 4 << 20;
/** 17 million numbers in BF16, about 33 MB: enough for several requests. */
const middling = makeWeights(512, 2048, 4);
/** Bytes of one of its blocks, kept in 8 bits without the scales. */
const BLOCK = 3.75 * 2 ** 20;
/** Bytes of the largest file that is being written in the page's storage, by Chromium's name for it. Scion's has less. */
const LARGEST_WRITE = `(async () => {
  let most = 0;
  const look = async (folder) => {
    for await (const [name, handle] of folder.entries())
      if (handle.kind === 'directory') await look(handle);
      else if (name.endsWith('.crswap')) most = Math.max(most, (await handle.getFile()).size);
  };
  await look(await navigator.storage.getDirectory()).catch(() => {});
  return most;
})()`;

let hub: FakeHub;
test.beforeAll(async () => {
  const names = readdirSync(MODEL);
  const files = Object.fromEntries(names.map((name) => [name, new Uint8Array(readFileSync(path.join(MODEL, name)))]));
  const config = JSON.parse(readFileSync(path.join(MODEL, 'config.json'), 'utf8'));
  const wide = { ...config, hidden_size: 512, head_dim: 128, intermediate_size: 2048, num_hidden_layers: 4 };
  const settings = { 'config.json': new TextEncoder().encode(JSON.stringify(wide)) };
  hub = await startFakeHub({
    'org/tiny': { files, licence: 'cc0-1.0', token: TOKEN },
    'org/middling': { files: { ...settings, 'model.safetensors': middling }, licence: 'cc0-1.0' },
  });
});
test.afterAll(() => hub.close());

test('a gated model opens by its id: refused without a token, cancelled on the way, then opened', async ({ page }) => {
  await page.context().route(`${HUB}/**`, async (route) => {
    // The page may have gone on without the answer, or the test may have ended.
    await answerFromFake(route).catch(() => route.abort().catch(() => {}));
  });
  await openPage(page);
  expect(hub.seen, 'nothing is asked of the Hub before someone wants a model of it').toEqual([]);

  await place(page, 'Base').click();
  const form = page.getByRole('region', { name: 'From the Hub' });
  await expect(form.getByRole('button', { name: /SmolLM2-135M-Instruct/ })).toContainText('apache-2.0');
  const open = form.getByRole('button', { name: 'Open from the Hub' });
  await form.getByRole('textbox', { name: 'Model', exact: true }).fill('org/tiny');

  await test.step('a token is asked for', async () => {
    hub.fault = undefined;
    await open.click();
    await expect(page.getByRole('alert')).toContainText('it is gated; accept its licence on huggingface.co');
    await checkState(page, 'hub-refused');
  });

  await test.step('cancelled, the base that was open is back', async () => {
    hub.fault = ({ origin }) => (origin === 'storage' ? { delayMs: 60_000 } : undefined);
    await form.getByLabel('Token (gated models)').fill(TOKEN);
    await open.click();
    await expect(page.getByRole('heading', { name: 'Opening org/tiny' })).toBeVisible();
    await expect(page.getByText('of 429 kB')).toBeVisible();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await expect(page.getByRole('heading', { name: 'Scion' })).toBeVisible();
  });

  await test.step('later it opens, with its licence', async () => {
    hub.fault = undefined;
    await open.click();
    await expect(page.getByRole('heading', { name: 'org/tiny', exact: true })).toBeVisible();
    await expect(page.getByRole('region', { name: 'Base', exact: true })).toContainText('cc0-1.0');
  });

  const storage = hub.seen.filter(({ origin }) => origin === 'storage');
  expect(storage.every(({ authorization }) => authorization === undefined)).toBe(true);
  const kept = await page.evaluate<string>('JSON.stringify({ ...localStorage, ...sessionStorage })');
  expect(kept).not.toContain(TOKEN);
});

test('an opening that was cancelled half-way goes on later with the rest', async ({ page }) => {
  const begins = () =>
    hub.seen.flatMap(({ origin, range }) => (origin === 'storage' ? [Number(/\d+/.exec(range ?? '0')![0])] : []));
  await page.context().route(`${HUB}/**`, async (route) => {
    await answerFromFake(route).catch(() => route.abort().catch(() => {}));
  });
  await openPage(page);
  await place(page, 'Base').click();
  const form = page.getByRole('region', { name: 'From the Hub' });
  const open = form.getByRole('button', { name: 'Open from the Hub' });
  await form.getByRole('textbox', { name: 'Model', exact: true }).fill('org/middling');

  // The last parts of its file do not come.
  hub.fault = ({ origin, range }) => {
    const begin = Number(/\d+/.exec(range ?? '0')![0]);
    return origin === 'storage' && begin >= 6 * PART ? { delayMs: 60_000 } : undefined;
  };
  await open.click();
  await expect(page.getByText(/of 3\d MB/)).toBeVisible();
  // Five reads are planned ahead, a block is five to six: when the last part is asked for, the first two blocks can be prepared.
  await expect.poll(() => Math.max(...begins()), { timeout: 60_000 }).toBeGreaterThanOrEqual(7 * PART);
  // All that came is written: two blocks, and as much at a second look.
  let written = 0;
  const isAtRest = async () => {
    const before = written;
    written = await page.evaluate<number>(LARGEST_WRITE);
    return written === before && written > 2 * BLOCK;
  };
  await expect.poll(isAtRest, { timeout: 60_000, intervals: [1000] }).toBe(true);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('heading', { name: 'Scion' })).toBeVisible();
  const cancelled = begins().length;

  // All but the header is out of reach for a while.
  hub.fault = ({ origin, range }) =>
    origin === 'storage' && !range?.startsWith('bytes=0-') ? { cutAfter: 0 } : undefined;
  await open.click();
  await expect(page.getByText(/Connection lost, trying again (in \d s|now)\. What has come is kept\./)).toBeVisible();
  // What the first opening kept counts: two blocks of four, at least.
  await expect(page.getByText(/^(1[5-9]|2\d)(\.\d)? MB of 3\d(\.\d)? MB$/)).toBeVisible();
  hub.fault = undefined;
  await expect(page.getByRole('heading', { name: 'org/middling', exact: true })).toBeVisible({ timeout: 60_000 });
  const again = new Set(begins().slice(cancelled));
  // From the beginning, every part would be asked for; the header, in the first one, is.
  expect(again.size).toBeLessThan(Math.ceil(middling.length / PART));
  expect(again.size).toBeGreaterThan(0);
});

async function answerFromFake(route: Route): Promise<void> {
  const request = route.request();
  const { authorization, range } = request.headers();
  const answer = await fetch(request.url().replace(HUB, hub.endpoint), {
    headers: { ...(authorization && { authorization }), ...(range && { range }) },
  });
  const cors = {
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'ETag, Content-Range, X-Error-Code',
  };
  const headers = { ...Object.fromEntries(answer.headers), ...cors };
  await route.fulfill({ status: answer.status, headers, body: Buffer.from(await answer.arrayBuffer()) });
}

/** A Llama with one key/value head for each query head and V = 512: every number is 1/64. */
function makeWeights(C: number, F: number, L: number): Uint8Array {
  const V = 512;
  const tensor = (name: string, ...shape: number[]) => ({
    name: `${name}.weight`,
    dtype: 'BF16' as const,
    shape,
    bytes: new Uint8Array(new Uint16Array(shape.reduce((a, b) => a * b)).fill(0x3c80).buffer),
  });
  const block = (i: number) => {
    const at = (name: string) => `model.layers.${i}.${name}`;
    return [
      tensor(at('input_layernorm'), C),
      ...['q', 'o'].map((name) => tensor(at(`self_attn.${name}_proj`), C, C)),
      ...['k', 'v'].map((name) => tensor(at(`self_attn.${name}_proj`), C / 2, C)),
      tensor(at('post_attention_layernorm'), C),
      ...['gate', 'up'].map((name) => tensor(at(`mlp.${name}_proj`), F, C)),
      tensor(at('mlp.down_proj'), C, F),
    ];
  };
  const blocks = Array.from({ length: L }, (_, i) => block(i)).flat();
  return writeSafetensors([tensor('model.embed_tokens', V, C), ...blocks, tensor('model.norm', C)]);
}
