// What eight hours leave: a run of 288,000 steps that another tab trains, told to this one and followed; and a library of a hundred
// adapters.

import { expect, openBlank, openPage, place, test } from './support.ts';
import { smoothly } from './watch-page.ts';

const STEPS = 288_000;

/** A tab of the same origin that holds the run's lock and tells of its run as the engine does. */
const OTHER_TAB = `(async () => {
  const channel = new BroadcastChannel('graft-run');
  const runId = 'long';
  const send = (message) => channel.postMessage({ graft: 1, ...message });
  const step = (n) => ({
    type: 'step', runId, step: n, totalSteps: 300000, loss: 1 + 3 * Math.exp(-n / 20000) + Math.sin(n * 12.9898) / 5,
    lr: 1e-3 * (1 - n / 300000), gradNorm: 0.5 + Math.cos(n) / 4, tokens: 300, ms: 100, epoch: n / 1000,
  });
  const settings = {
    rank: 8, alpha: 16, dropout: 0, targets: 'all-linear', learningRate: 1e-3, schedule: 'linear', warmupSteps: 5,
    weightDecay: 0, clip: 1, steps: 300000, batchSize: 4, gradAccum: 1, seqLen: 256, seed: 0, shuffle: true,
    validationSplit: 0.1, evalEvery: 1000,
  };
  let made = ${STEPS};
  channel.onmessage = ({ data }) => {
    if (data.kind === 'wish' && data.wish === 'pause') globalThis.isPaused = true;
    if (data.kind !== 'who trains?') return;
    const steps = Array.from({ length: made }, (_, i) => step(i + 1));
    const evals = Array.from({ length: Math.floor(made / 1000) }, (_, i) => ({ type: 'eval', runId, step: 1000 * (i + 1), loss: 2 }));
    const past = [...steps, ...evals].sort((a, b) => a.step - b.step);
    const state = { type: 'state', runId, state: 'running', message: undefined };
    send({ kind: 'run', run: { runId, adapterName: 'overnight', settings, samples: undefined }, events: [{ type: 'past', runId, events: past }, state] });
  };
  globalThis.stream = () => setInterval(() => send({ kind: 'event', event: step(++made) }), 20);
  await new Promise((held) => void navigator.locks.request('graft-run', () => new Promise(() => held())));
})()`;

const HUNDRED = `new Promise((resolve, reject) => {
  const request = indexedDB.open('graft-adapters', 1);
  request.onupgradeneeded = () => {
    const records = request.result.createObjectStore('records');
    for (let i = 1; i <= 100; i++) {
      const id = crypto.randomUUID();
      records.put({
        id, name: 'adapter number ' + i, created: new Date(1.76e12 + i * 1e7).toISOString(), baseId: 'scion', baseName: 'Scion',
        baseHash: 'ab', rank: 8, alpha: 16, targets: ['q_proj'], datasetName: 'rows.jsonl', steps: 60, finalLoss: 1 + i / 100,
        validationLoss: 2, bytes: 400000, curve: Array.from({ length: 60 }, (_, t) => 4 - t / 30), tags: ['set ' + (i % 7)],
      }, id);
    }
  };
  request.onsuccess = () => resolve(request.result.close());
  request.onerror = () => reject(request.error);
})`;

test('eight hours of a run are drawn and followed, and one of a hundred adapters is found', async ({
  page,
  context,
}) => {
  const other = await context.newPage();
  await openBlank(other);
  await other.evaluate(HUNDRED);
  await other.evaluate(OTHER_TAB);
  await openPage(page);

  await test.step('the curve has all of it, and goes on without blocking the page', async () => {
    await place(page, 'Train').click();
    const run = page.getByRole('region', { name: 'Run', exact: true });
    await expect(run).toContainText('Another tab of this browser trains it.');
    await expect(run).toContainText('step 288,000 of 300,000');
    await expect(run.getByRole('img', { name: /288,\d\d\d steps/ }).first()).toBeVisible();
    await other.evaluate('void stream()');
    const stepNow = async () =>
      Number((await run.textContent())?.match(/step ([\d,]+) of 300,000/)?.[1]?.replaceAll(',', '') ?? 0);
    await expect.poll(stepNow).toBeGreaterThan(STEPS);
    await smoothly(page, 'follows a long run', async () => {
      const from = await stepNow();
      await expect.poll(stepNow).toBeGreaterThan(from + 100);
    });
    // 100 ms a step, 12,000 steps to go: what is shown is of the last steps, whatever came before.
    await expect(run).toContainText(/3,000|2,99\d/);
    await run.getByRole('button', { name: 'Pause' }).click();
    await expect.poll(() => other.evaluate('globalThis.isPaused')).toBe(true);
  });

  await test.step('a hundred adapters are listed, and one of them found', async () => {
    await place(page, 'Library').click();
    await expect(page.getByText(/100 adapters/).first()).toBeVisible();
    await page.getByRole('searchbox', { name: 'Find an adapter' }).fill('number 57');
    await expect(page.getByRole('article', { name: 'adapter number 57', exact: true })).toBeVisible();
    await expect(page.getByText('1 of 100 adapters')).toBeVisible();
  });

  await test.step('the tab that trained is gone: this one says so and can train again', async () => {
    await other.close();
    await place(page, 'Train').click();
    await expect(page.getByRole('region', { name: 'Run', exact: true })).not.toContainText('Another tab');
  });
});
