// What moves on the page though nobody touched it: the browser's own measure (Layout Instability API).

import type { Page } from '@playwright/test';

export interface Shifts {
  /** 0: nothing. */
  readonly sum: number;
  /** What moved. */
  readonly what: readonly string[];
}

/** Begins to count; the function it returns tells what has moved until then. */
export async function watchShifts(page: Page): Promise<() => Promise<Shifts>> {
  await page.evaluate(`
    globalThis.shifts = { sum: 0, what: [] };
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries()) {
        if (shift.hadRecentInput) continue;
        shifts.sum += shift.value;
        for (const { node } of shift.sources) shifts.what.push(node?.className || node?.nodeName || '?');
      }
    }).observe({ type: 'layout-shift' });
  `);
  return async () => JSON.parse(await page.evaluate<string>('JSON.stringify(shifts)')) as Shifts;
}
