// Without a mouse, without motion, with the system's own colours.

import { keepPicture } from './axe.ts';
import { expect, openPage, place, test } from './support.ts';

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
    await press('Enter', 'Tab', 'Enter');
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
