// Web Locks in memory: one manager for all tabs of an origin, and for each tab a view of it that can end with its tab.

type Mode = 'exclusive' | 'shared';
type Options = { readonly mode?: Mode; readonly ifAvailable?: boolean };
type Work = (lock: { readonly name: string; readonly mode: Mode } | null) => unknown;

interface Held {
  readonly name: string;
  readonly mode: Mode;
  readonly tab: object;
}
interface Waiting extends Held {
  readonly grant: () => void;
}

export class FakeLocks {
  private held: Held[] = [];
  private waiting: Waiting[] = [];

  /** `navigator.locks` of a new tab; `close` is the end of that tab: what it holds falls free, what it waits for is forgotten. */
  openTab() {
    const tab = {};
    return {
      locks: {
        request: (name: string, first: Options | Work, second?: Work) =>
          typeof first === 'function' ? this.request(tab, name, {}, first) : this.request(tab, name, first, second!),
        query: async () => ({ held: this.held.map(({ name, mode }) => ({ name, mode })), pending: [] }),
      },
      close: () => {
        this.held = this.held.filter((lock) => lock.tab !== tab);
        this.waiting = this.waiting.filter((lock) => lock.tab !== tab);
        this.grantWaiting();
      },
    };
  }

  private async request(
    tab: object,
    name: string,
    { mode = 'exclusive', ifAvailable = false }: Options,
    work: Work,
  ): Promise<unknown> {
    const lock = { name, mode, tab };
    if (this.isFree(lock) && !this.waiting.some((other) => other.name === name)) this.held.push(lock);
    else if (ifAvailable) return work(null);
    else await new Promise<void>((grant) => this.waiting.push({ ...lock, grant }));
    try {
      return await work({ name, mode });
    } finally {
      const index = this.held.findIndex((other) => other.tab === tab && other.name === name && other.mode === mode);
      if (index >= 0) this.held.splice(index, 1);
      this.grantWaiting();
    }
  }

  private isFree({ name, mode }: Held): boolean {
    return this.held.every((other) => other.name !== name || (mode === 'shared' && other.mode === 'shared'));
  }

  /** In the order in which they came. */
  private grantWaiting(): void {
    for (const next of [...this.waiting]) {
      const isFirst = this.waiting.find(({ name }) => name === next.name) === next;
      if (!isFirst || !this.isFree(next)) continue;
      this.waiting.splice(this.waiting.indexOf(next), 1);
      this.held.push(next);
      next.grant();
    }
  }
}
