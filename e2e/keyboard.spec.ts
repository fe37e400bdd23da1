// Without a mouse, without motion, with the system's own colours.

import type { Locator, Page } from '@playwright/test';
import { checkState, keepPicture } from './axe.ts';
import { expect, fillSmallRun, openPage, place, test } from './support.ts';

const MINUTE = 60_000;

test('the whole page is reached by keyboard, and every place takes the focus to its start', async ({ page }) => {
  await openPage(page);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();

  for (const [key, name] of ['Base', 'Data', 'Train', 'Play', 'Library'].entries()) {
    await page.keyboard.press(String(key + 1));
    await expect(page.getByRole('main', { name })).toBeFocused();
    await expect(place(page, name as 'Base')).toHaveAttribute('aria-current', 'page');
  }

  await test.step('a dialog keeps the focus and gives it back', async () => {
    const opener = page.getByRole('button', { name: 'Keyboard shortcuts' });
    await opener.focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
    await expect(opener).toBeFocused();
  });

  await test.step('a word is explained where it stands, and the focus comes back', async () => {
    await page.keyboard.press('3');
    const what = page.getByRole('button', { name: 'What is “rank”?' });
    await what.focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('dialog', { name: 'rank' })).toContainText('How wide the adapter is');
    await checkState(page, 'glossary');
    await expect(page.getByRole('dialog', { name: 'rank' })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(what).toBeFocused();
  });

  await test.step('every stop of the Tab key can be seen', async () => {
    await page.keyboard.press('4');
    await expect(page.getByRole('textbox', { name: 'Prompt' })).toBeVisible();
    for (let stop = 0; stop < 12; stop++) {
      await page.keyboard.press('Tab');
      const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle');
      const own = await page.evaluate<string>(
        'document.activeElement.closest("label, .choice label, .chip-check") ? getComputedStyle(document.activeElement.closest("label")).outlineStyle : "none"',
      );
      expect([outline, own], `stop ${stop} has a visible focus`).not.toEqual(['none', 'none']);
    }
  });
});

test('the data studio is worked by keyboard alone, and the focus is never lost', async ({ page }) => {
  await openPage(page);
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const rows = page.getByRole('region', { name: 'Rows', exact: true });
  const button = (name: string) => rows.getByRole('button', { name, exact: true });
  const said = page.locator('[aria-live="polite"].unseen');
  const counts = rows.getByRole('status');
  const hasFocus = () => expect.poll(() => page.evaluate('document.activeElement !== document.body')).toBe(true);

  await test.step('rows are pasted', async () => {
    await page.getByRole('button', { name: 'Paste' }).focus();
    await press('Enter');
    await expect(page.getByRole('textbox', { name: 'Rows or text' })).toBeFocused();
    const lines = ['One?\tTwo.', 'Three?\tFour.', 'Three?\tFour.', 'Five?\tSix.', 'Seven?\tEight.'];
    await page.keyboard.insertText(['prompt\tcompletion', ...lines].join('\n'));
    await press('Tab', 'Enter');
    await expect(counts).toHaveText('5 rows');
    await hasFocus();
  });

  await test.step('the table is one stop, its rows are reached by arrows', async () => {
    await rows.getByRole('combobox', { name: 'Order' }).focus();
    await press('Tab', 'Tab', 'Tab');
    await expect(rows.getByRole('button', { name: /^Look at the row of line 2: One/ })).toBeFocused();
    await press('ArrowDown', 'ArrowRight');
    await expect(button('Edit the row of line 3')).toBeFocused();
  });

  await test.step('a row is edited, and the focus comes back', async () => {
    await press('Enter');
    const answer = page.getByRole('dialog').getByRole('textbox', { name: 'completion' });
    await answer.focus();
    await press('Control+A');
    await page.keyboard.insertText('Forty.');
    await press('Tab', 'Enter');
    await expect(page.getByRole('dialog')).toBeHidden();
    await expect(button('Edit the row of line 3')).toBeFocused();
    await expect(rows).toContainText('Forty.');
  });

  await test.step('after a deletion the next row has the focus, or the one before', async () => {
    await press('Delete');
    await expect(counts).toHaveText('4 rows');
    await expect(button('Edit the row of line 4')).toBeFocused();
    await expect(said).toContainText('The row is deleted. Undo brings it back.');
    await press('End', 'Delete');
    await expect(counts).toHaveText('3 rows');
    await expect(button('Edit the row of line 5')).toBeFocused();
    await rows.getByRole('searchbox').focus();
    await page.keyboard.insertText('One');
    await expect(counts).toHaveText('1 row');
    await button('Delete this row').focus();
    await press('Enter');
    await expect(counts).toHaveText('0 rows');
    await expect(said).toContainText('1 row deleted. Undo brings it back.');
    await hasFocus();
  });

  await test.step('all of it is undone, and the button keeps the focus', async () => {
    await button('Undo').focus();
    for (const what of ['Deletion of a row', 'Deletion of a row', 'Deletion of a row', 'Edit of a row']) {
      await expect(button('Undo')).toHaveAttribute('title', `Undo: ${what}`);
      await press('Enter');
      await expect(said).toContainText(`${what} is undone`);
      await expect(button('Redo')).toHaveAttribute('title', `Redo: ${what}`);
    }
    await expect(button('Undo')).toHaveAttribute('aria-disabled', 'true');
    await expect(button('Undo')).toBeFocused();
  });

  await test.step('data doctor mends, says so, and keeps the focus near', async () => {
    const doctor = page.getByRole('region', { name: 'Data doctor' });
    await doctor.locator('summary').first().focus();
    await press('Enter');
    // It has to look at the rows as they are now before it offers to change them.
    const remove = doctor.getByRole('button', { name: 'Delete the repeats' });
    await expect(remove).toBeEnabled({ timeout: 3 * MINUTE });
    await press('Tab');
    await expect(remove).toBeFocused();
    await press('Enter');
    await expect(said).toContainText('Removal of repeated rows: done. Undo takes it back.');
    await expect(doctor.getByText('Repeated rows')).toHaveCount(0);
    await hasFocus();
  });

  await test.step('a token says what else might have stood there', async () => {
    const xray = page.getByRole('region', { name: 'Rows as the model sees them' });
    await expect(xray.getByRole('button', { name: /trained on, loss \d/ }).first()).toBeVisible({
      timeout: 3 * 60_000,
    });
    await xray
      .getByRole('button', { name: /, id \d+/ })
      .first()
      .focus();
    await press('ArrowRight', 'ArrowRight', 'Enter');
    await expect(said).toContainText(/the base would say .+ %/, { timeout: 3 * 60_000 });
    await expect(xray.getByRole('button', { name: /, id \d+/ }).nth(2)).toBeFocused();
  });
});

/** Goes there by the Tab key alone; fails when it is not reached within one round of the page. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeEnabled({ timeout: 3 * MINUTE });
  const isThere = () => target.evaluate((element) => element === element.ownerDocument.activeElement);
  for (let stop = 0; stop < 150 && !(await isThere()); stop++) await page.keyboard.press('Tab');
  await expect(target).toBeFocused();
}

const focusIsKept = (page: Page) =>
  expect.poll(() => page.evaluate<string>('document.activeElement.tagName'), 'who has the focus').not.toBe('BODY');

/** Uses what has the focus; the focus stays on the page. */
async function use(page: Page): Promise<void> {
  await page.keyboard.press('Enter');
  await focusIsKept(page);
}

test('a run from its start to the file by keyboard alone, told calmly and accessible in every state', async ({
  page,
}) => {
  await openPage(page);
  await fillSmallRun(page, { steps: 900, name: 'by hand' });
  const run = page.getByRole('region', { name: 'Run', exact: true });
  const button = (name: string) => run.getByRole('button', { name, exact: true });
  await page.evaluate(`{
    globalThis.heard = [];
    const live = '[aria-live], [role=status], [role=alert]';
    new MutationObserver((changes) => {
      for (const { target } of changes) {
        const region = (target.closest ? target : target.parentElement)?.closest(live);
        if (region && region.textContent && heard.at(-1) !== region.textContent) heard.push(region.textContent);
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  }`);

  await test.step('started, it keeps the focus beside it', async () => {
    await tabTo(page, button('Start training'));
    await use(page);
    await expect(run.getByText(/step [1-9]\d* of 900/)).toBeVisible({ timeout: 5 * MINUTE });
    await focusIsKept(page);
    await checkState(page, 'run-going');
  });

  await test.step('paused', async () => {
    await tabTo(page, button('Pause'));
    await use(page);
    await expect(run.getByText('paused')).toBeVisible();
    await expect(button('Resume')).toBeFocused();
    await checkState(page, 'run-paused');
  });

  await test.step('another learning rate', async () => {
    const change = button('Change the learning rate');
    await tabTo(page, change);
    await use(page);
    const dialog = page.getByRole('dialog', { name: 'Change the learning rate' });
    await tabTo(page, dialog.getByRole('spinbutton', { name: 'Learning rate' }));
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('0.0005');
    await checkState(page, 'run-rate');
    await tabTo(page, dialog.getByRole('button', { name: 'Use it' }));
    await use(page);
    await expect(dialog).toBeHidden();
    await expect(change, 'the dialog gives the focus back').toBeFocused();
  });

  await test.step('resumed, what is told stays calm', async () => {
    await tabTo(page, button('Resume'));
    await use(page);
    const step = async () => Number(/step (\d+)/.exec((await run.textContent()) ?? '')?.[1] ?? 0);
    const heard = await page.evaluate<number>('heard.length');
    const from = await step();
    await expect.poll(step, { timeout: 3 * MINUTE }).toBeGreaterThan(from + 20);
    const told = await page.evaluate<string[]>(`heard.slice(${heard})`);
    expect(told.length, `told in twenty steps: ${told.join(' | ')}`).toBeLessThanOrEqual(1);
  });

  await test.step('stopped and kept', async () => {
    await tabTo(page, button('Stop and keep'));
    await use(page);
    await expect(run.getByText(/Stopped after \d+ steps/)).toBeVisible({ timeout: 3 * MINUTE });
    await focusIsKept(page);
    await checkState(page, 'run-stopped');
    const told = await page.evaluate<string[]>('heard');
    for (const says of ['Training', 'The run is paused', 'The run has stopped and the adapter is kept'])
      expect(told, `"${says}" is told`).toContain(says);
  });

  await test.step('asked', async () => {
    await tabTo(page, button('Try it'));
    await use(page);
    await expect(page.getByRole('main', { name: 'Play' })).toBeFocused();
    await tabTo(page, page.getByRole('spinbutton', { name: 'Longest answer' }));
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('4');
    await tabTo(page, page.getByRole('textbox', { name: 'Prompt' }));
    await page.keyboard.type('Weather: fog');
    await page.keyboard.press('ControlOrMeta+Enter');
    await expect(page.getByRole('article', { name: 'by hand' })).toContainText(/finished|cut at/, {
      timeout: 3 * MINUTE,
    });
    await focusIsKept(page);
  });

  await test.step('taken home', async () => {
    await tabTo(page, place(page, 'Library'));
    await use(page);
    await expect(page.getByRole('main', { name: 'Library' })).toBeFocused();
    await tabTo(page, page.getByRole('button', { name: 'Other formats: by hand' }));
    await use(page);
    const formats = page.getByRole('menuitem');
    await expect(formats.first()).toBeFocused();
    await checkState(page, 'download-menu');
    // As the page became narrow and wide again, the menu passed below the resting mouse, which takes the focus with it.
    await page.keyboard.press('Home');
    await expect(formats.first()).toBeFocused();
    await page.keyboard.press('ArrowDown');
    await expect(formats.nth(1)).toBeFocused();
    const downloading = page.waitForEvent('download');
    await use(page);
    expect((await downloading).suggestedFilename()).toBe('by-hand.gguf');
    await focusIsKept(page);
  });
});

test('with forced colours and less motion the page stays readable and still', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' });
  await openPage(page);
  for (const name of ['Data', 'Train', 'Play'] as const) {
    await place(page, name).click();
    await expect(page.getByRole('main', { name })).toBeVisible();
    await keepPicture(page, `forced-colours-${name.toLowerCase()}`);
    const moving = await page.evaluate<number>(
      'document.getAnimations().filter((a) => a.playState === "running" && a.effect.getComputedTiming().duration > 1).length',
    );
    expect(moving, `nothing moves in ${name}`).toBe(0);
  }
});
