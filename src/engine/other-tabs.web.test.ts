// Two tabs of one browser: engines over the browser's own storage code, with its databases and locks in memory.

import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openAdapterStore, openRunArchive, openRunStore } from '../storage/browser.ts';
import { FakeLocks } from '../storage/testing/fake-locks.ts';
import { createEngine } from './engine.ts';
import type { KeptRun } from './kept-run.ts';
import type { AdapterRecord, EngineApi, OtherTabEvent, RunEvent, RunResult } from './protocol.ts';
import { openSquares, openTiny, quietHost, SETTINGS } from './testing/memory-host.ts';

/** With a checkpoint on the way, at step 50 of 72. */
const LONG = { ...SETTINGS, epochs: 18 };
/** For what has to come before its end, however fast the machine is; it is stopped then. */
const ENDLESS = { ...SETTINGS, epochs: 10_000 };

/** A browser with tabs; `close` is a tab that ends at once, whatever it does: nothing of it gets through any more. */
function openBrowser() {
  const locks = new FakeLocks();
  const name = `graft-run-${Math.random()}`;
  const open: (() => void)[] = [];
  return {
    close: () => open.forEach((end) => void end()),
    async openTab() {
      const tab = locks.openTab();
      const channel = new BroadcastChannel(name);
      let isClosed = false;
      const engine = createEngine({
        ...quietHost(),
        adapters: openAdapterStore<AdapterRecord>(),
        runs: openRunStore<KeptRun>(tab.locks as unknown as LockManager),
        archive: openRunArchive(),
        tabs: {
          postMessage: (message) => void (isClosed || channel.postMessage(message)),
          addEventListener: (type, listener) => channel.addEventListener(type, listener),
        },
      });
      const close = () => {
        isClosed = true;
        channel.close();
        tab.close();
      };
      open.push(close);
      const told: OtherTabEvent[] = [];
      const until = <T>(find: () => T | undefined | false) =>
        vi.waitUntil(() => find() || undefined, { timeout: 150_000, interval: 10 });
      await openTiny(engine);
      await engine.run.followOtherTabs((event) => void told.push(event));
      return { engine, close, told, until };
    },
  };
}

/** Steps of a run that a tab was told of, from their start. */
const stepsOf = (told: readonly OtherTabEvent[]) =>
  told
    .flatMap((event): readonly RunEvent[] =>
      event.type === 'run' ? event.events : event.type === 'event' ? [event.event] : [],
    )
    .flatMap((event): readonly RunEvent[] => (event.type === 'past' ? event.events : [event]))
    .filter((event) => event.type === 'step')
    .map(asTold);

/** What the protocol says of a step. */
function asTold(event: RunEvent): RunEvent {
  const { supervised: _, ...rest } = event as RunEvent & { readonly supervised?: number };
  return rest as RunEvent;
}

const stateOf = (told: readonly OtherTabEvent[]) =>
  told
    .flatMap((event) => (event.type === 'run' ? event.events : event.type === 'event' ? [event.event] : []))
    .filter((event) => event.type === 'state')
    .at(-1)?.state;

function start(
  engine: EngineApi,
  onEvent: (event: RunEvent) => void = () => {},
  settings = SETTINGS,
): Promise<RunResult> {
  return openSquares(engine).then(() => engine.run.train('run', 'Squares', settings, onEvent));
}

let browser: ReturnType<typeof openBrowser>;
beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  browser = openBrowser();
});
afterEach(() => {
  browser.close();
  vi.unstubAllGlobals();
});

describe('a second tab', () => {
  it('shows every step of the run of the first, pauses it, and has its adapter at the end', async () => {
    const [first, second] = [await browser.openTab(), await browser.openTab()];
    const steps: RunEvent[] = [];
    const onEvent = (event: RunEvent) => {
      if (event.type === 'step') steps.push(asTold(event));
      if (event.type === 'step' && event.step === 5) void second.engine.run.pauseRun('run');
    };
    const running = start(first.engine, onEvent, LONG);
    await second.until(() => stateOf(second.told) === 'paused');
    expect(second.told.find((event) => event.type === 'run')).toMatchObject({
      run: { runId: 'run', adapterName: 'Squares', settings: LONG },
    });
    expect(await second.engine.run.interruptedRun(), 'it goes on').toBeUndefined();
    // Who comes while it rests is told all of it.
    const third = await browser.openTab();
    await third.until(() => third.told.length > 0);
    expect(stateOf(third.told)).toBe('paused');
    expect(stepsOf(third.told)).toEqual(steps);
    await third.engine.run.changeRate('run', 1e-3);
    await third.engine.run.resumeRun('run');

    const result = await running;
    await second.until(() => second.told.at(-1)?.type === 'end');
    await third.until(() => third.told.at(-1)?.type === 'end');
    expect(second.told.at(-1)).toEqual({ type: 'end', runId: 'run', ends: [{ runId: 'run', result }] });
    expect(stepsOf(second.told)).toEqual(steps);
    expect(stepsOf(third.told)).toEqual(steps);
    expect((await second.engine.library.listAdapters()).map(({ name }) => name)).toEqual(['Squares']);
    expect(first.told, 'its own run is no news to a tab').toEqual([]);
  });

  it('starts no run beside it, and one of its own afterwards, which the first shows', async () => {
    const [first, second] = [await browser.openTab(), await browser.openTab()];
    const running = start(first.engine, () => {}, ENDLESS);
    await second.until(() => stepsOf(second.told).length > 0);
    await openSquares(second.engine);
    await expect(second.engine.run.train('other', 'Other', SETTINGS, () => {})).rejects.toThrow(
      'Cannot start another run: a run is going on in another tab; stop it there first',
    );
    expect((await first.engine.runs.listRuns()).map(({ id }) => id)).toEqual(['run']);
    await second.engine.run.stopRun('run');
    expect(await running).toMatchObject({ runId: 'run' });
    await second.until(() => second.told.at(-1)?.type === 'end');
    await second.engine.run.train('next', 'Next', SETTINGS, () => {});
    await first.until(() => first.told.at(-1)?.type === 'end');
    expect(first.told.at(-1)).toMatchObject({ runId: 'next' });
  });

  it('hears that the first was closed and goes on with its run', async () => {
    const [first, second] = [await browser.openTab(), await browser.openTab()];
    let closedAt = 0;
    const closing = (event: RunEvent) => {
      if (event.type !== 'step' || event.step < 55 || closedAt > 0) return;
      closedAt = event.step;
      void first.engine.run.pauseRun('run');
      first.close();
    };
    void start(first.engine, closing, LONG);
    await second.until(() => second.told.at(-1)?.type === 'gone');
    const left = await second.engine.run.interruptedRun();
    expect(left!.members).toMatchObject([{ runId: 'run', adapterName: 'Squares' }]);
    expect(left!.members[0]!.step).toBeGreaterThan(0);
    const [end] = await second.engine.run.resumeInterrupted(() => {});
    expect(end).toMatchObject({ result: { steps: left!.members[0]!.totalSteps } });
    expect((await second.engine.library.listAdapters()).map(({ name }) => name)).toEqual(['Squares']);
  });

  it('is told nothing by a tab of another version, or by something else', async () => {
    const tab = await browser.openTab();
    const { OtherTabs } = await import('./other-tabs.ts');
    let hear: (event: { readonly data: unknown }) => void = () => {};
    const sent: unknown[] = [];
    const channel = { postMessage: (message: unknown) => void sent.push(message), addEventListener: listenAs };
    function listenAs(_: 'message', listener: typeof hear) {
      hear = listener;
    }
    const heard: OtherTabEvent[] = [];
    new OtherTabs(
      channel,
      async () => {},
      () => {},
    ).follow((event) => void heard.push(event));
    const run = { runId: 'x', adapterName: 'x', settings: SETTINGS, samples: undefined };
    for (const data of [null, 'run', 7, { kind: 'run', run, events: [] }, { graft: 2, kind: 'run', run, events: [] }])
      hear({ data });
    expect(heard).toEqual([]);
    hear({ data: { graft: 1, kind: 'run', run, events: [] } });
    expect(heard, 'one of its own version is (control)').toHaveLength(1);
    expect(tab.told).toEqual([]);
  });
});
