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
