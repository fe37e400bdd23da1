// A run whose tab is killed at random moments, GRAFT_KILLS times: its renderer crashes, its worker ends, it is closed, it is
// reloaded. The adapter is that of a run that nobody killed, to the bit. (Once, with a second tab looking on: resume.spec.ts.)

import { appendFileSync } from 'node:fs';
import type { BrowserContext, Page } from '@playwright/test';
import { randomMoments } from '../src/testing/random-moments.ts';
import { expect, fillSmallRun, openPage, place, test } from './support.ts';

const KILLS = Number(process.env.GRAFT_KILLS);
if (!Number.isInteger(KILLS) || KILLS < 1)
  throw new RangeError(
    `Cannot kill the tab: found GRAFT_KILLS=${process.env.GRAFT_KILLS}, need a whole number from 1 up`,
  );
const SEED = 8;
/** Kills come within so many steps of where the run goes on; a state is kept every 50 steps or 10 seconds. */
const WITHIN = 45;
/** By then a state is kept. */
const FIRST = WITHIN + 10;
const random = randomMoments(SEED);
/** When each kill comes: so many steps on, and then anywhere within a step or the keeping of a state. */
const MOMENTS = Array.from({ length: KILLS }, () => ({ steps: Math.floor(WITHIN * random()), ms: 400 * random() }));
/** More than the kills get through, though none of them costs a step. */
const STEPS = MOMENTS.reduce((sum, { steps }) => sum + steps + 10, FIRST + 20);
const MINUTES = 60_000;

const WAYS: readonly ((page: Page, context: BrowserContext) => Promise<unknown>)[] = [
  async (page, context) => {
    const died = page.waitForEvent('crash');
    void (await context.newCDPSession(page)).send('Page.crash').catch(() => {});
    await died;
  },
  (page) =>
    page
      .workers()[0]!
      .evaluate('self.close()')
      .catch(() => {}),
  (page) => page.close({ runBeforeUnload: false }),
  (page) => page.reload({ waitUntil: 'commit' }),
];

test.setTimeout((10 + 5 * KILLS) * MINUTES);

test('a run whose tab is killed again and again ends with the bits of one that nobody killed', async ({
  page: first,
  context,
}) => {
  let page = first;
  const runOf = () => page.getByRole('region', { name: 'Run', exact: true });
  const step = async () => Number((await runOf().textContent())?.match(/step (\d+) of/)?.[1] ?? 0);
  const done = () => runOf().getByText(`Done: ${STEPS} steps in`);
  const reach = async (at: number) => {
    const isThere = async () => (await done().isVisible()) || (await step()) >= at;
    await expect.poll(isThere, { timeout: 10 * MINUTES, intervals: [100] }).toBe(true);
    await expect(done(), `the run of ${STEPS} steps ended before the kills did`).toBeHidden({ timeout: 1 });
  };
  const open = async () => {
    page.on('dialog', (dialog) => void dialog.accept());
    await openPage(page);
  };
  const endOf = async () => expect(done()).toBeVisible({ timeout: 30 * MINUTES });

  await open();
  for (const name of ['whole', 'killed']) {
    await fillSmallRun(page, { steps: STEPS, name });
    await runOf()
      .getByRole('button', { name: /^(Start training|Train again)$/ })
      .click();
    await expect(done()).toBeHidden();
    if (name === 'whole') await endOf();
  }

  await reach(FIRST);
  for (const [kill, { steps, ms }] of MOMENTS.entries()) {
    await reach((await step()) + steps);
    await page.waitForTimeout(ms);
    await WAYS[kill % WAYS.length]!(page, context);
    if (!page.isClosed()) await page.close({ runBeforeUnload: false });
    page = await context.newPage();
    await open();
    await place(page, 'Train').click();
    const banner = page.getByRole('region', { name: 'Interrupted run' });
    await expect(banner).toContainText('goes on as if nothing had happened', { timeout: 3 * MINUTES });
    await banner.getByRole('button', { name: 'Go on' }).click();
    await reach(1);
  }
  await endOf();

  const [whole, killed] = [await adapterOf(page, 'whole'), await adapterOf(page, 'killed')];
  expect(killed.losses).toEqual(whole.losses);
  expect(killed.weights).toEqual(whole.weights);
  const figure = `${KILLS} of ${KILLS} kills of the tab (seed ${SEED}: crashed, its worker ended, closed, reloaded) survived over ${STEPS} steps in the browser, 0 bytes of the adapter different`;
  if (process.env.GRAFT_FIGURES)
    appendFileSync(process.env.GRAFT_FIGURES, `${JSON.stringify({ promise: 'resume: in the browser', figure })}\n`);
});

/** What the browser's storage holds of an adapter: the losses of its run, and a hash of its weights. */
async function adapterOf(page: Page, name: string): Promise<{ losses: number[]; weights: string }> {
  const read = `async (database, store, ask) => {
    const done = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const db = await done(indexedDB.open(database));
    const found = await done(ask(db.transaction(store).objectStore(store)));
    db.close();
    return found;
  }`;
  return page.evaluate(`(async () => {
    const read = ${read};
    const records = await read('graft-adapters', 'records', (all) => all.getAll());
    const { id, curve } = records.find(({ name }) => name === ${JSON.stringify(name)});
    const files = await read('graft-adapter-files', 'files', (all) => all.get(id));
    const digest = await crypto.subtle.digest('SHA-256', files.get('adapter_model.safetensors'));
    return { losses: [...curve], weights: new Uint8Array(digest).join(' ') };
  })()`);
}
