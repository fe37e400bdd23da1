// Watches what a person would feel on a page: the main thread blocked, and things that jump.

import type { Page } from '@playwright/test';

export interface Felt {
  /** Milliseconds of each task of the main thread over 50 ms. */
  readonly longTasks: readonly number[];
  /** Layout shifts that no input has caused, as Chromium scores them. */
  readonly layoutShift: number;
  /** What moved. */
  readonly shifted: readonly string[];
}

const WATCH = `(() => {
  const felt = { longTasks: [], layoutShift: 0, shifted: [] };
  globalThis.felt = felt;
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) felt.longTasks.push(Math.round(task.duration));
  }).observe({ type: 'longtask' });
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) {
      if (shift.hadRecentInput) continue;
      felt.layoutShift += shift.value;
      for (const { node } of shift.sources) felt.shifted.push(node?.className || node?.nodeName || '?');
    }
  }).observe({ type: 'layout-shift' });
})()`;

/** From now until `felt()` is called. */
export async function watchPage(page: Page): Promise<() => Promise<Felt>> {
  await page.evaluate(WATCH);
  return async () => JSON.parse(await page.evaluate<string>('JSON.stringify(felt)')) as Felt;
}
