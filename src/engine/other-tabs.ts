// What the tabs of a page tell each other of the run that one of them trains (Web Locks let only one). The tab that trains sends
// every event as soon as anyone listens; who comes later gets all of it so far; and a tab that only looks on can ask it to
// pause, to go on, to stop. A tab that vanishes lets its lock fall: then the others hear that the run is no more.

import type { OtherTabEvent, RunEvent, RunInOtherTab, TogetherEnd } from './protocol.ts';
import { RunLog } from './run-log.ts';

/** A BroadcastChannel, or what stands for one in tests. */
export interface TabChannel {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

/** Of the messages; a tab that a newer or older Graft has opened is not understood, and left alone. */
const VERSION = 1;
/** An end that was told just before the lock fell may come just after it. */
const LATE_MS = 1000;

export type RunWish =
  | { readonly wish: 'pause' | 'resume' | 'stop'; readonly runId: string }
  | { readonly wish: 'rate'; readonly runId: string; readonly learningRate: number };

type Message =
  | { readonly kind: 'who trains?' }
  | { readonly kind: 'begun' }
  | { readonly kind: 'run'; readonly run: RunInOtherTab; readonly events: readonly RunEvent[] }
  | { readonly kind: 'event'; readonly event: RunEvent }
  | { readonly kind: 'end'; readonly runId: string; readonly ends: readonly TogetherEnd[] | undefined }
  | ({ readonly kind: 'wish' } & RunWish);

export interface AnnouncedRun {
  begin(): void;
  tell(event: RunEvent): void;
  end(ends?: readonly TogetherEnd[]): void;
}

interface Own {
  readonly run: RunInOtherTab;
  readonly logs: ReadonlyMap<string, RunLog>;
  isHeard: boolean;
}

export class OtherTabs {
  private own: Own | undefined;
  private watched: string | undefined;
  private listener: ((event: OtherTabEvent) => void) | undefined;

  /**
   * @param freed resolves when no tab trains.
   * @param onWish what a tab that looks on asks of the run of this one.
   */
  constructor(
    private readonly channel: TabChannel | undefined,
    private readonly freed: () => Promise<void>,
    private readonly onWish: (wish: RunWish) => void,
  ) {
    channel?.addEventListener('message', ({ data }) => this.hear(data));
  }

  /**
   * Tells the other tabs of a run of this one: from `begin` on, when it has the lock; every event by `tell`, also those before;
   * its end with its result if it has one.
   */
  announce(run: RunInOtherTab): AnnouncedRun {
    const own: Own = {
      run,
      logs: new Map([run, ...(run.others ?? [])].map(({ runId }) => [runId, new RunLog(runId)])),
      isHeard: false,
    };
    return {
      begin: () => {
        this.own = own;
        this.send({ kind: 'begun' });
      },
      tell: (event) => {
        own.logs.get(event.runId)?.take(event);
        if (own.isHeard) this.send({ kind: 'event', event });
      },
      end: (ends) => {
        if (this.own !== own) return;
        this.own = undefined;
        this.send({ kind: 'end', runId: run.runId, ends });
      },
    };
  }

  /** From now on, and at once if there is one: what another tab trains. */
  follow(listener: (event: OtherTabEvent) => void): void {
    this.listener = listener;
    this.send({ kind: 'who trains?' });
  }

  /** Passes a wish on to the tab that trains; nobody answers when there is none. */
  ask(wish: RunWish): void {
    this.send({ kind: 'wish', ...wish });
  }

  private hear(data: unknown): void {
    if (typeof data !== 'object' || data === null || (data as { graft?: unknown }).graft !== VERSION) return;
    const message = data as Message;
    if (message.kind === 'who trains?') this.answer();
    else if (message.kind === 'wish') {
      if (this.own !== undefined) this.onWish(message);
    } else if (this.listener !== undefined && this.own === undefined) this.look(message, this.listener);
  }

  private answer(): void {
    if (this.own === undefined) return;
    const { run, logs } = this.own;
    this.own.isHeard = true;
    this.send({ kind: 'run', run, events: [...logs.values()].flatMap(({ events }) => events) });
  }

  private look(message: Message, listener: (event: OtherTabEvent) => void): void {
    if (message.kind === 'begun') this.send({ kind: 'who trains?' });
    else if (message.kind === 'run' && message.run.runId !== this.watched) {
      this.watched = message.run.runId;
      listener({ type: 'run', run: message.run, events: message.events });
      void this.noticeEnd(message.run.runId, listener);
    } else if (message.kind === 'event' && this.watched !== undefined)
      listener({ type: 'event', event: message.event });
    else if (message.kind === 'end' && message.runId === this.watched) {
      this.watched = undefined;
      listener({ type: 'end', runId: message.runId, ends: message.ends });
    }
  }

  /** The lock of a run falls at its end, however it ends. */
  private async noticeEnd(runId: string, listener: (event: OtherTabEvent) => void): Promise<void> {
    await this.freed();
    await new Promise((resolve) => setTimeout(resolve, LATE_MS));
    if (this.watched !== runId) return;
    this.watched = undefined;
    listener({ type: 'gone', runId });
  }

  private send(message: Message): void {
    this.channel?.postMessage({ graft: VERSION, ...message });
  }
}
