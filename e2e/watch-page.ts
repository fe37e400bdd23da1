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

/** Processor time of one task of the main thread, and the clock's. */
export interface Task {
  readonly cpuMs: number;
  readonly ms: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/**
 * The tasks of the page's main thread from now until the function that it returns is called, the longest first. They are told by the
 * processor time that they took: a busy machine lets a task wait, and that is no work of the page's.
 */
export async function watchTasks(page: Page): Promise<() => Promise<readonly Task[]>> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ['-*', 'toplevel'] });
  return async () => {
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
    const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
    const isMain = (event: TraceEvent) => mains.some(({ pid, tid }) => pid === event.pid && tid === event.tid);
    return traceEvents
      .filter((event) => event.ph === 'X' && event.tdur !== undefined && isMain(event))
      .map(({ dur = 0, tdur = 0 }) => ({ cpuMs: tdur / 1000, ms: dur / 1000 }))
      .sort((a, b) => b.cpuMs - a.cpuMs);
  };
}
