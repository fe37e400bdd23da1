// Play, as its user meets it: answers side by side, while a run goes on too; votes without names; an evaluation.

import type { Page } from '@playwright/test';
import { checkFace, checkState, keepPicture } from './axe.ts';
import { watchShifts } from './layout-shift.ts';
import { dropFiles, EXAMPLE, expect, fillSettings, openPage, place, test } from './support.ts';

const SYSTEM = 'Be brief.';
const MINUTE = 60_000;

async function setNumber(page: Page, region: string, name: string, value: number): Promise<void> {
  await page.getByRole('region', { name: region }).getByRole('spinbutton', { name }).fill(String(value));
}

/** A run of `steps` small steps, begun. */
async function beginRun(page: Page, name: string, steps: number): Promise<void> {
  await dropFiles(page, [EXAMPLE]);
  await expect(page.getByRole('heading', { name: 'weather-haiku.jsonl' })).toBeVisible();
  await page.getByRole('textbox', { name: 'System prompt' }).fill(SYSTEM);
  await page.getByRole('textbox', { name: 'System prompt' }).blur();
  await place(page, 'Train').click();
  await fillSettings(page, { steps, name, tokensPerRow: 32, others: { 'Held back': 5 } });
  await page.getByRole('button', { name: 'Start training' }).click();
}

test('ask while it trains, compare, vote without names, evaluate, and find all of it after a reload', async ({
  page,
}) => {
  await openPage(page);
  // More steps than any machine makes until both have answered; then it is stopped.
  await beginRun(page, 'haiku', 900);
  const run = page.getByRole('region', { name: 'Run', exact: true });
  await expect(run.getByText(/step [1-9]\d* of 900/)).toBeVisible({ timeout: 4 * MINUTE });

  await test.step('base and the adapter of the run answer between its steps', async () => {
    await place(page, 'Play').click();
    await setNumber(page, 'How it answers', 'Longest answer', 8);
    await page.getByRole('button', { name: 'Add an answer' }).click();
    await page.getByRole('combobox', { name: 'Answer 2' }).selectOption({ label: 'haiku (in training now)' });
    await page.getByRole('textbox', { name: 'Prompt' }).fill('Weather: a storm');
    await page.getByRole('button', { name: 'Ask both' }).click();
    for (const whose of ['Base', /^haiku at step \d+$/])
      await expect(page.getByRole('article', { name: whose })).toContainText(/finished|cut at/, {
        timeout: 3 * MINUTE,
      });
    await place(page, 'Train').click();
    await expect(run.getByText(/step \d+ of 900/), 'the run still goes on').toBeVisible();
    await run.getByRole('button', { name: 'Stop and keep' }).click();
    await expect(run.getByText(/^Stopped after \d+ steps/)).toBeVisible({ timeout: 4 * MINUTE });
  });

  await place(page, 'Play').click();
  await expect(page.getByRole('combobox', { name: 'Answer 2' })).toHaveValue(/.+-.+/);

  await test.step('questions go behind the system message of its rows, until another is written', async () => {
    const system = page.getByRole('textbox', { name: 'Standing instruction' });
    await expect(system).toHaveValue(SYSTEM);
    await system.fill('Be long.');
    await page.getByRole('button', { name: 'Take the one it was trained with' }).click();
    await expect(system).toHaveValue(SYSTEM);
  });

  await test.step('a second question goes on with the talk, and every token says how likely it was', async () => {
    await page.getByRole('switch', { name: 'Show how sure it was' }).click();
    const shifted = await watchShifts(page);
    await page.getByRole('textbox', { name: 'Prompt' }).fill('Weather: first snow');
    await page.getByRole('textbox', { name: 'Prompt' }).press('Control+Enter');
    const answer = page.getByRole('article', { name: 'haiku', exact: true });
    await expect(answer).toContainText(/finished|cut at/, { timeout: 3 * MINUTE });
    expect((await shifted()).sum, 'nothing moves while an answer grows').toBeLessThan(0.02);

    const tokens = answer.getByRole('toolbar');
    await tokens.getByRole('button').first().focus();
    await expect(answer.getByText(/had [\d.]+ %. The likeliest here:/)).toBeVisible();
    await expect(answer.getByRole('listitem')).toHaveCount(5);
    await page.keyboard.press('ArrowRight');
    await expect(tokens.getByRole('button').nth(1)).toBeFocused();
    await checkFace(page, 'play-chat');
  });

  const question = await test.step('eight answer side by side a question of the data', async () => {
    await page.getByRole('button', { name: 'New talk' }).click();
    for (let columns = 3; columns <= 8; columns++) await page.getByRole('button', { name: 'Add an answer' }).click();
    await expect(page.getByRole('button', { name: 'Add an answer' })).toBeHidden();
    const questions = page.getByRole('group', { name: 'Questions of your data' }).getByRole('button');
    const question = (await questions.first().textContent())!;
    expect(question).toMatch(/weather/i);
    await questions.first().click();
    await expect(page.getByRole('heading', { name: question })).toBeVisible();
    for (let i = 0; i < 8; i++)
      await expect(page.getByRole('article').nth(i)).toContainText(/finished|cut at/, { timeout: 3 * MINUTE });
    await checkState(page, 'play-eight');
    for (let columns = 8; columns > 2; columns--)
      await page
        .getByRole('button', { name: /^Remove/ })
        .last()
        .click();
    return question;
  });

  await test.step('votes are counted with the range that they leave open', async () => {
    await page.getByRole('radio', { name: 'Blind test' }).check();
    await page.getByRole('button', { name: 'Ask one of the data' }).click();
    await expect(page.getByRole('textbox', { name: 'Prompt' })).toHaveValue(/weather/i);
    const vote = page.getByRole('button', { name: 'A is better' });
    await expect(vote).toBeEnabled({ timeout: 3 * MINUTE });
    const contest = page.getByRole('region', { name: 'Blind test' });
    await expect(contest.getByRole('article', { name: 'Answer A' })).toBeVisible();
    await expect(contest, 'no name before the vote').not.toContainText('haiku');
    await keepPicture(page, 'play-blind-open');
    await vote.click();
    await expect(contest.getByText(/^You chose (haiku|Base)/)).toBeVisible();
    const tally = page.getByRole('region', { name: 'Votes', exact: true });
    await expect(tally.getByRole('row').filter({ hasText: '1 of 1' })).toContainText('100 % (21 % to 100 %)');
    await expect(tally.getByRole('row').filter({ hasText: '0 of 1' })).toContainText('0 % (0 % to 79 %)');
    await checkFace(page, 'play-blind');
  });

  await test.step('rows that were held back are answered and scored by both', async () => {
    await page.getByRole('radio', { name: 'Evaluate' }).check();
    const rows = page.getByRole('list', { name: /rows$/ });
    const questions = rows.getByRole('textbox', { name: /^Question of row/ });
    await page.getByRole('button', { name: 'Take 20 held-back rows' }).click();
    // The worker brings them; a row that is added before they come stands before them.
    await expect(questions.first()).toBeVisible();
    const taken = await questions.count();
    await page.getByRole('button', { name: 'Add a row' }).click();
    await expect(questions).toHaveCount(taken + 1);
    await questions.last().fill('Say something');
    await rows
      .getByRole('textbox', { name: /^Expected answer of row/ })
      .last()
      .fill('e');
    await page.getByRole('button', { name: /^Evaluate \d+ rows/ }).click();
    const results = page.getByRole('region', { name: /^Results of/ });
    await expect(results.getByRole('row', { name: /haiku/ })).toContainText(/\d of \d/, { timeout: 4 * MINUTE });
    await expect(page.getByRole('button', { name: /^Evaluate \d+ rows/ })).toBeEnabled({ timeout: 4 * MINUTE });
    await checkFace(page, 'play-evaluate');
  });

  await test.step('a pattern that never ends is stopped, and says so', async () => {
    // Of any answer of six characters or more.
    await page.getByRole('radio', { name: 'fits a pattern' }).check();
    await page.getByRole('textbox', { name: 'Pattern (regular expression)' }).fill('^(?:[^]?[^]?){99}$x');
    await expect(page.getByText(/it did not end within 2 s/)).toBeVisible({ timeout: 30_000 });
    await page.getByRole('textbox', { name: 'Pattern (regular expression)' }).fill('[a-z]');
    await expect(page.getByText(/it did not end within/)).toBeHidden();
    await expect(page.getByRole('region', { name: /^Results of/ })).toContainText(/\d of \d/);
  });

  await test.step('talk, votes, rows and pattern survive a reload', async () => {
    await page.reload();
    await expect(place(page, 'Base')).toHaveAccessibleName(/ready/, { timeout: 3 * MINUTE });
    await expect(page.getByRole('textbox', { name: 'Pattern (regular expression)' })).toHaveValue('[a-z]');
    await page.getByRole('radio', { name: 'Blind test' }).check();
    await expect(page.getByRole('region', { name: 'Votes', exact: true })).toContainText('1 of 1');
    await page.getByRole('radio', { name: 'Chat' }).first().check();
    const asked = page.getByRole('heading', { name: question });
    await expect(asked).toBeVisible();
    await page.getByRole('button', { name: 'New talk' }).click();
    await expect(asked).toBeHidden();
  });
});
