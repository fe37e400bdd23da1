// What moves on the page though nobody touched it: the browser's own measure (Layout Instability API).

import type { Page } from '@playwright/test';

/** Begins to count; the function it returns tells the sum until then, 0 being nothing. */
export async function watchShifts(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(`
    globalThis.shifted = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shifted += entry.value;
    }).observe({ type: 'layout-shift' });
  `);
  return () => page.evaluate<number>('globalThis.shifted');
}
