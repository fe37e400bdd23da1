// The live board: what streams while a run goes on, what one can read and change on it, and that it disturbs nobody.

import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import type { Page } from '@playwright/test';
import { judgesTimes } from '../src/testing/time-limit.ts';
import { watchShifts } from './layout-shift.ts';
import { expect, fillSmallRun, openPage, test } from './support.ts';
import { findsHoldUps, smoothly } from './watch-page.ts';

/** More than any machine makes until all is looked at; then the run is stopped. */
const STEPS = 900;

const run = (page: Page) => page.getByRole('region', { name: 'Run', exact: true });

async function startRun(page: Page): Promise<void> {
  await openPage(page);
  await fillSmallRun(page, { steps: STEPS, name: 'board' });
  await run(page).getByRole('button', { name: 'Start training' }).click();
}

const reachStep = (page: Page, step: RegExp) => expect(run(page).getByText(step)).toBeVisible({ timeout: 5 * 60_000 });

async function stepNow(page: Page): Promise<number> {
  const text = await run(page)
    .getByText(/step \d+ of \d+/)
    .textContent();
  return Number(/step (\d+)/.exec(text ?? '')?.[1] ?? 0);
}

test('the board streams without a jump, is read, zoomed and saved, and the learning rate is changed on the way', async ({
  page,
}) => {
  await startRun(page);
  await reachStep(page, /step ([3-9]|\d\d+) of 900/);

  const shifts = await watchShifts(page);
  await smoothly(page, 'follows a run', async () => {
    const from = await stepNow(page);
    await expect.poll(() => stepNow(page), { timeout: 60_000 }).toBeGreaterThan(from + 10);
  });
  const { sum, what } = await shifts();
  expect(sum, `layout shift, of ${what.join(', ')}`).toBe(0);

  // Whoever is kept from the processor writes in pieces what belongs together.
  if (judgesTimes) {
    await test.step('text changes at most four times a second', async () => {
      const changesPerSecond = await page.evaluate<number>(`new Promise((resolve) => {
        const began = performance.now();
        let count = 0;
        let last = 0;
        const seen = new MutationObserver(() => {
          // What React writes in one go is one change.
          if (performance.now() - last > 30) count++;
          last = performance.now();
        });
        seen.observe(document.querySelector('.figures'), { subtree: true, characterData: true, childList: true });
        setTimeout(() => resolve((count - 1) / ((performance.now() - began) / 1000)), 3000);
      })`);
      expect(changesPerSecond).toBeLessThanOrEqual(4.1);
    });
  }

  await test.step('the learning rate is changed while it runs', async () => {
    await run(page).getByRole('button', { name: 'Change the learning rate' }).click();
    const dialog = page.getByRole('dialog', { name: 'Change the learning rate' });
    await dialog.getByRole('spinbutton', { name: 'Learning rate' }).fill('0.0005');
    await dialog.getByRole('button', { name: 'Use it' }).click();
    await expect(dialog).toBeHidden();
  });

  await test.step('paused, it waits; resumed, it goes on', async () => {
    await run(page).getByRole('button', { name: 'Pause' }).click();
    await expect(run(page).getByText('paused')).toBeVisible();
    await run(page).getByRole('button', { name: 'Resume' }).click();
    await expect(run(page).getByRole('button', { name: 'Pause' })).toBeVisible();
  });

  const steps = await test.step('some steps later it is stopped', async () => {
    const from = await stepNow(page);
    await expect.poll(() => stepNow(page), { timeout: 60_000 }).toBeGreaterThan(from + 5);
    await run(page).getByRole('button', { name: 'Stop and keep' }).click();
    const stopped = run(page).getByText(/^Stopped after \d+ steps/);
    await expect(stopped).toBeVisible({ timeout: 5 * 60_000 });
    return Number(/\d+/.exec((await stopped.textContent())!)![0]);
  });
  await findsHoldUps(page);

  await test.step('a step is read by the slider, with all its values', async () => {
    const slider = run(page).getByRole('slider', { name: 'Step to read' });
    await slider.fill('7');
    const reading = run(page).getByText('smoothed', { exact: true }).last().locator('..').locator('..');
    for (const part of [/step\s*7/, /loss\s*\d\.\d{3}/, /norm\s*\d/, /rate\s*\d/, /tokens\/s\s*\d/])
      await expect(reading).toContainText(part);
  });

  await test.step('the curve is zoomed and shown as a whole again', async () => {
    const whole = run(page).getByRole('button', { name: 'Whole run' });
    await expect(whole).toBeDisabled();
    await run(page).getByRole('button', { name: 'Zoom in' }).click();
    await expect(whole).toBeEnabled();
    await whole.click();
    const chart = run(page).getByRole('img', { name: /^Loss went from/ });
    const box = (await chart.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.4, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + 60, { steps: 5 });
    await page.mouse.up();
    await expect(whole).toBeEnabled();
    await page.mouse.dblclick(box.x + box.width * 0.5, box.y + 60);
    await expect(whole).toBeDisabled();
    await run(page).getByRole('checkbox', { name: 'Log loss' }).check();
    await run(page).getByRole('checkbox', { name: 'Log steps' }).check();
  });

  await test.step('it is saved as CSV, SVG and PNG', async () => {
    const csv = (await save(page, 'CSV')).toString();
    const rows = csv
      .trim()
      .split('\r\n')
      .map((line) => line.split(','));
    expect(rows[0]!.slice(0, 2)).toEqual(['step', 'loss']);
    const made = rows.slice(1).filter(([step]) => step !== '0');
    expect(made.map(([step]) => Number(step))).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
    const rates = made.map((row) => Number(row[4]));
    expect(rates.at(-1), 'the rate that was chosen on the way').toBeLessThan(5e-4);
    expect(Math.max(...rates)).toBeGreaterThan(1e-3);
    const svg = (await save(page, 'SVG')).toString();
    expect(svg).toContain('<title>board loss</title>');
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    checkPicture(await save(page, 'PNG'));
  });
});

async function save(page: Page, kind: string): Promise<Buffer> {
  const downloading = page.waitForEvent('download');
  await run(page)
    .getByRole('button', { name: `Save the curves as ${kind}` })
    .click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe(`board-loss.${kind.toLowerCase()}`);
  return readFileSync(await download.path());
}

/** A PNG of the right size with more than one colour in it. */
function checkPicture(png: Buffer): void {
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1920, 1080]);
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at))
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  const pixels = inflateSync(Buffer.concat(parts));
  expect(new Set(pixels).size).toBeGreaterThan(20);
}
