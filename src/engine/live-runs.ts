// The runs of this tab while they go: a control for each adapter, messages to other tabs, and requests from them.

import { isLearningRate } from '../train/recipe.ts';
import { type AnnouncedRun, OtherTabs, type RunWish } from './other-tabs.ts';
import type { OtherTabEvent, RunEvent, RunInOtherTab, TogetherEnd } from './protocol.ts';
import { RunControl } from './run-control.ts';
import type { Session } from './session.ts';

export class LiveRuns {
  private readonly tabs: OtherTabs;

  constructor(private readonly session: Session) {
    this.tabs = new OtherTabs(
      session.host.tabs,
      () => session.host.runs.freed(),
      (wish) => this.heed(wish),
    );
  }

  /**
   * Wraps a run: registers a control for each of its adapters, reports its events to other tabs, and reports its final state when it
   * throws.
   */
  async follow(
    about: RunInOtherTab,
    onEvent: (event: RunEvent) => void,
    run: (controls: readonly RunControl[], told: AnnouncedRun) => Promise<readonly TogetherEnd[]>,
  ): Promise<readonly TogetherEnd[]> {
    const others = this.tabs.announce(about);
    const tell = (event: RunEvent) => {
      others.tell(event);
      onEvent(event);
    };
    const runIds = [about, ...(about.others ?? [])].map(({ runId }) => runId);
    const controls = runIds.map(
      (runId) => new RunControl((state, message) => tell({ type: 'state', runId, state, message })),
    );
    for (const [i, runId] of runIds.entries()) this.session.runs.set(runId, controls[i]!);
    let ends: readonly TogetherEnd[] | undefined;
    try {
      ends = await run(controls, { ...others, tell });
      return ends;
    } catch (error) {
      for (const control of controls) control.set('failed', (error as Error).message);
      throw error;
    } finally {
      others.end(ends);
      for (const runId of runIds) this.session.runs.delete(runId);
      this.session.training.clear();
    }
  }

  /** Follows what other tabs train, now and later. */
  followOtherTabs(onEvent: (event: OtherTabEvent) => void): void {
    this.tabs.follow((event) => {
      if (event.type === 'run')
        this.session.runElsewhere = new Set([event.run, ...(event.run.others ?? [])].map(({ runId }) => runId));
      else if (event.type !== 'event') this.session.runElsewhere = new Set();
      onEvent(event);
    });
  }

  /** Of a run of this tab, or of another. */
  ask(wish: RunWish): void {
    if (this.session.runs.has(wish.runId)) this.heed(wish);
    else this.tabs.ask(wish);
  }

  private heed(wish: RunWish): void {
    const run = this.session.runs.get(wish.runId);
    if (wish.wish === 'rate') {
      if (isLearningRate(wish.learningRate)) run?.changeRate(wish.learningRate);
    } else run?.[wish.wish]();
  }
}
