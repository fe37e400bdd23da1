// What every place is held to: axe-core finds nothing on it in either theme, wide and narrow. A picture of each is kept in
// test-results/pictures, to be looked at; not in CI, where nobody does.

import path from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';
import { ROOT } from './support.ts';

const THEMES = ['light', 'dark'] as const;
const WIDTHS = [
  { width: 1280, height: 900 },
  { width: 360, height: 740 },
];

/** A state on the way of a story: axe-core in both themes as wide as the page is, and pictures of both widths. */
export async function checkState(page: Page, name: string): Promise<void> {
  const before = page.viewportSize()!;
  // What has moved below the bar is no target that is too small.
  await page.evaluate('scrollTo(0, 0)');
  for (const theme of THEMES) {
    await showTheme(page, theme);
    await keepPicture(page, `${name}-${theme}-${before.width}`);
    expect(await findViolations(page), `axe-core on ${name}, ${theme}`).toEqual([]);
  }
  await page.setViewportSize(WIDTHS[1]!);
  await fits(page, `${name} does not scroll sideways at 360 px`);
  await keepPicture(page, `${name}-dark-360`);
  await page.setViewportSize(before);
  await showTheme(page, 'light');
}

/** Checks what the page shows now; `name` is that of its pictures. Leaves the page in light and as wide as it was. */
export async function checkFace(page: Page, name: string): Promise<void> {
  const before = page.viewportSize()!;
  for (const size of WIDTHS) {
    await page.setViewportSize(size);
    for (const theme of THEMES) {
      await test.step(`${name}, ${theme}, ${size.width} px`, async () => {
        await showTheme(page, theme);
        await page.evaluate('scrollTo(0, 0)');
        await fits(page, `${name} does not scroll sideways at ${size.width} px`);
        await keepPicture(page, `${name}-${theme}-${size.width}`);
        expect(await findViolations(page), `axe-core on ${name}, ${theme}, ${size.width} px`).toEqual([]);
      });
    }
  }
  await page.setViewportSize(before);
  await showTheme(page, 'light');
}

/** The page follows the system, so the system changes; colours on their way from one theme to the other are in neither. */
async function showTheme(page: Page, theme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme: theme });
  await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
  await page.evaluate(
    'Promise.allSettled(document.getAnimations().filter((a) => a instanceof CSSTransition).map((a) => a.finished))',
  );
}

export async function keepPicture(page: Page, name: string): Promise<void> {
  // A place that is still being fetched has nothing to look at.
  await expect(page.getByRole('main').getByRole('heading').first()).toBeAttached();
  if (process.env.CI) return;
  const file = path.join(ROOT, 'test-results/pictures', `${name}.png`);
  await page.screenshot({ path: file, fullPage: true, animations: 'disabled' });
}

/** The page does not reach beyond its window; what follows the window's width by a script does so a moment later. */
async function fits(page: Page, what: string): Promise<void> {
  const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
  await expect.poll(() => page.evaluate<number>(overflow), what).toBeLessThanOrEqual(0);
}

/** A sentence for each finding and the elements that it is about. */
async function findViolations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    // Without a blank page for its results, which takes longer than the analysis; there are no frames here.
    .setLegacyMode()
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(' ')}: ${failureSummary}`),
  );
}
