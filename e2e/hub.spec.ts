// A model opened by its id. Requests to huggingface.co are answered by the fake Hub, so the page is the one that is built,
// with its policy.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Route } from '@playwright/test';
import { type FakeHub, startFakeHub } from '../src/model/hub/testing/fake-hub.ts';
import { expect, openPage, place, ROOT, test } from './support.ts';

const HUB = 'https://huggingface.co';
const MODEL = path.join(ROOT, 'src/train/testing/fixtures/llama/model');
const TOKEN = 'hf_of_this_test';

test.use({ otherHosts: [HUB] });

let hub: FakeHub;
test.beforeAll(async () => {
  const names = readdirSync(MODEL);
  const files = Object.fromEntries(names.map((name) => [name, new Uint8Array(readFileSync(path.join(MODEL, name)))]));
  hub = await startFakeHub({ 'org/tiny': { files, licence: 'cc0-1.0', token: TOKEN } });
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
