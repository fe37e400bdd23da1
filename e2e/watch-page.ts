// Watches what a person would feel on a page: the main thread blocked.

import { expect, type Page, test } from '@playwright/test';
import { timeLimit } from '../src/testing/time-limit.ts';

/** What a person feels. */
const LONG_MS = 50;

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
  readonly ts?: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/**
 * The tasks of the page's main thread from now until the function that it returns is called (or until the page has set the mark that it
 * is called with), the longest first. They are told by the processor time that they took: a busy machine lets a task wait, and that
 * is no work of the page's.
 */
export async function watchTasks(page: Page): Promise<(until?: string) => Promise<readonly Task[]>> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ['-*', 'toplevel', 'blink.user_timing'] });
  return async (until) => {
    const all = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
    const end = all.traceEvents.find(({ name }) => name === until)?.ts ?? Number.POSITIVE_INFINITY;
    const traceEvents = all.traceEvents.filter(({ ts = 0 }) => ts < end);
    const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
    const isMain = (event: TraceEvent) => mains.some(({ pid, tid }) => pid === event.pid && tid === event.tid);
    return traceEvents
      .filter((event) => event.ph === 'X' && event.tdur !== undefined && isMain(event))
      .map(({ dur = 0, tdur = 0 }) => ({ cpuMs: tdur / 1000, ms: dur / 1000 }))
      .sort((a, b) => b.cpuMs - a.cpuMs);
  };
}

/** Does something, and no task of the page's main thread meanwhile is one that a person feels. */
export async function smoothly(page: Page, what: string, work: () => Promise<void>): Promise<void> {
  await test.step(what, async () => {
    const tasks = await watchTasks(page);
    await work();
    const [longest] = await tasks();
    const { cpuMs, ms } = longest!;
    console.log(`${what}: longest task ${cpuMs.toFixed(1)} ms of processor time, ${ms.toFixed(1)} ms by the clock`);
    test.info().annotations.push({ type: what, description: `${cpuMs.toFixed(1)} ms` });
    expect(cpuMs, `longest task while one ${what}`).toBeLessThan(timeLimit(LONG_MS));
  });
}

/** A page that is held up is found: the control of `smoothly`. */
export async function findsHoldUps(page: Page): Promise<void> {
  await test.step('a page that is held up would be found (control)', async () => {
    const tasks = await watchTasks(page);
    // Of a second by the clock, even a busy machine gives a page a tenth.
    await page.evaluate(
      'new Promise((done) => setTimeout(() => { const end = performance.now() + 1000; while (performance.now() < end); done(); }))',
    );
    expect((await tasks())[0]!.cpuMs).toBeGreaterThan(LONG_MS);
  });
}
