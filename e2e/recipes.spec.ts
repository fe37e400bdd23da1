// Recipes: saved under a name, as a file and as a link; whoever opens one is asked before anything changes, and nothing starts.

import { readFileSync } from 'node:fs';
import { checkFace, checkState } from './axe.ts';
import { dropFiles, EXAMPLE, expect, openPage, place, test } from './support.ts';

test('a recipe is saved, shared and filled in again, and asks before it changes anything', async ({ page }, info) => {
  await openPage(page);
  await dropFiles(page, [EXAMPLE]);
  await place(page, 'Train').click();
  const settings = page.getByRole('region', { name: 'Settings' });
  const rank = settings.getByRole('spinbutton', { name: 'Rank' });
  await expect(settings.getByText('1 to 256, default 8.').first()).toBeVisible();
  await rank.fill('12');
  await test.step('a very small number is shown whole, at any width, and kept', async () => {
    const rate = settings.getByRole('spinbutton', { name: 'Learning rate' });
    const showsAll = () => rate.evaluate(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth);
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 720 });
      await rate.fill('0.0000123456');
      expect(await showsAll(), `${width} px, as it is typed`).toBe(true);
      await rate.fill('0.000001');
      expect(await showsAll()).toBe(true);
      await rate.blur();
      await expect(rate).toHaveValue('1e-6');
    }
    await rate.fill('0.004');
  });
  await test.step('who holds nothing back is told that there is nothing to ask', async () => {
    const held = settings.getByRole('spinbutton', { name: 'Held back' });
    await held.fill('0');
    await settings.getByText('All settings').click();
    await expect(settings.getByRole('spinbutton', { name: 'Validate every' })).toHaveAccessibleDescription(
      /more than 0 %/,
    );
    await held.fill('20');
    await expect(settings.getByRole('spinbutton', { name: 'Validate every' })).toHaveAccessibleDescription(/How often/);
    await settings.getByRole('button', { name: 'Fewer settings' }).click();
  });

  const recipes = page.getByRole('dialog', { name: 'Recipes' });
  let file = '';
  await test.step('saved here, and as a file', async () => {
    await settings.getByRole('button', { name: 'Recipes' }).click();
    await recipes.getByRole('textbox', { name: 'Name' }).fill('Poems, rank 12');
    await recipes.getByRole('button', { name: 'Save these settings' }).click();
    await expect(recipes.getByRole('listitem')).toContainText('Rank 12 · Learning rate 4e-3 · Held back 20 %');
    const downloading = page.waitForEvent('download');
    await recipes.getByRole('button', { name: 'Save as file' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe('Poems-rank-12.recipe.json');
    file = info.outputPath('poems.recipe.json');
    await download.saveAs(file);
    const recipe = JSON.parse(readFileSync(file, 'utf8'));
    expect(recipe).toMatchObject({
      recipe: 1,
      settings: { rank: 12 },
      data: { name: 'weather-haiku.jsonl', rows: 96 },
    });
    await checkFace(page, 'recipes');
    await recipes.getByRole('button', { name: 'Close' }).click();
  });

  const offer = page.getByRole('dialog', { name: 'A recipe wants to fill in the page' });
  await test.step('still there after a reload, with what it would change', async () => {
    await page.reload();
    await expect(place(page, 'Base')).toHaveAccessibleName(/ready/, { timeout: 3 * 60_000 });
    await rank.fill('4');
    await settings.getByRole('button', { name: 'Recipes' }).click();
    await recipes.getByRole('button', { name: 'Use the recipe Poems, rank 12' }).click();
    await expect(offer.getByRole('row', { name: /Rank/ })).toContainText(/4.*12/);
    await offer.getByRole('button', { name: 'Not now' }).click();
    await expect(rank).toHaveValue('4');
  });

  const link = await test.step('a link is copied', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await settings.getByRole('button', { name: 'Recipes' }).click();
    await recipes.getByRole('button', { name: 'Copy link' }).click();
    await expect(recipes.getByRole('button', { name: 'Copied' })).toBeVisible();
    return page.evaluate<string>('navigator.clipboard.readText()');
  });
  expect(link).toContain('#/train?recipe=');

  await test.step('opened elsewhere, it asks, fills everything in, and starts nothing', async () => {
    const other = await (await page.context().browser()!.newContext()).newPage();
    const recipe = {
      recipe: 1,
      name: 'Poems',
      settings: { rank: 12, steps: 30 },
      base: { kind: 'bundled', id: 'scion' },
    };
    const data = { name: 'weather-haiku.jsonl', rows: 96 };
    const code = Buffer.from(JSON.stringify({ ...recipe, data })).toString('base64url');
    await other.goto(`${new URL(link).origin}/#/train?recipe=${code}`);
    await expect(place(other, 'Base')).toHaveAccessibleName(/ready/, { timeout: 3 * 60_000 });
    const asked = other.getByRole('dialog', { name: 'A recipe wants to fill in the page' });
    await expect(asked).toContainText('“Poems”');
    await expect(asked).toContainText('The example weather-haiku.jsonl is opened.');
    await expect(asked).toContainText('scion is open already.');
    expect(new URL(other.url()).hash, 'a reload does not ask again').toBe('#/train');
    await checkFace(other, 'recipe-offer');
    await asked.getByRole('button', { name: 'Fill it in' }).click();
    await expect(asked).toBeHidden();
    const filled = other.getByRole('region', { name: 'Settings' });
    await expect(filled.getByRole('spinbutton', { name: 'Rank' })).toHaveValue('12');
    await expect(filled.getByRole('spinbutton', { name: 'Steps' })).toHaveValue('30');
    await expect(filled).toContainText('weather-haiku.jsonl');
    await expect(other.getByRole('button', { name: 'Start training' })).toBeEnabled();
    await other.close();
  });

  await test.step('one of several adapters fills in what is compared, and is saved as it is', async () => {
    const adapters = [
      { name: 'small', settings: { rank: 4, alpha: 8 } },
      { name: 'large', settings: { rank: 32, learningRate: 1e-3 } },
    ];
    const code = Buffer.from(JSON.stringify({ recipe: 1, settings: { rank: 12 }, adapters })).toString('base64url');
    await recipes.getByRole('button', { name: 'Close' }).click();
    await page.goto(`./#/train?recipe=${code}`);
    await expect(offer.getByRole('region', { name: 'It trains 2 adapters at once' })).toContainText(
      'small Rank 4 · Alpha 8',
    );
    await checkState(page, 'recipe-offer-several');
    await offer.getByRole('button', { name: 'Fill it in' }).click();
    const compare = settings.getByRole('region', { name: 'Compare' });
    await expect(compare.getByRole('radio', { name: 'A recipe’s' })).toBeChecked();
    await expect(compare).toContainText('large Rank 32 · Learning rate 1e-3');
    await expect(page.getByRole('button', { name: 'Train 2 at once' })).toBeEnabled();
    await settings.getByRole('button', { name: 'Recipes' }).click();
    const downloading = page.waitForEvent('download');
    await recipes.getByRole('button', { name: 'Save as file' }).click();
    const several = info.outputPath('several.recipe.json');
    await (await downloading).saveAs(several);
    expect(JSON.parse(readFileSync(several, 'utf8'))).toMatchObject({ settings: { rank: 12 }, adapters });
    await recipes.getByRole('button', { name: 'Close' }).click();
    await compare.getByRole('radio', { name: 'Nothing' }).check();
  });

  await test.step('a link that was made to harm is refused by name', async () => {
    const evil = '{"recipe":1,"settings":{"__proto__":{"polluted":true},"rank":4}}';
    await page.goto(`./#/train?recipe=${Buffer.from(evil).toString('base64url')}`);
    await expect(page.getByRole('alert')).toContainText(
      'found "settings.__proto__", which this version of Graft does not know',
    );
    expect(await page.evaluate('({}).polluted')).toBeUndefined();
  });

  await test.step('the file is dropped and offered', async () => {
    await dropFiles(page, [file]);
    await expect(offer).toContainText('“Poems, rank 12”');
  });
});
