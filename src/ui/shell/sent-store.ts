// Every request that this page has made since it was loaded, from the browser's own list (Resource Timing).
// The page has no code that sends a body, so the sum is 0 as long as each request is a plain fetch of a file from the
// page's own host. Anything else (another host, a beacon) makes `sent` unknown, and the bar then says so in red.
import { createStore } from 'zustand/vanilla';

export interface Request {
  readonly address: string;
  readonly host: string;
  readonly kind: string;
  readonly receivedBytes: number;
}

export interface Sent {
  readonly requests: readonly Request[];
  readonly blocked: readonly string[];
}

/** Long lists are of no use to anyone; later requests are still counted. */
const MAX_LISTED = 200;

export const sentStore = createStore<Sent & { counted: number; foreign: number }>(() => ({
  requests: [],
  blocked: [],
  counted: 0,
  foreign: 0,
}));

export function isForeign(request: Request, ownHost: string): boolean {
  return request.host !== ownHost || request.kind === 'beacon' || request.kind === 'ping';
}

function readEntry(entry: PerformanceResourceTiming): Request | undefined {
  const url = new URL(entry.name, location.href);
  if (url.protocol === 'blob:' || url.protocol === 'data:') return undefined;
  const received = entry.transferSize || entry.encodedBodySize;
  return { address: url.pathname + url.search, host: url.host, kind: entry.initiatorType, receivedBytes: received };
}

export function followRequests(): void {
  const observer = new PerformanceObserver((list) => {
    const fresh = (list.getEntries() as PerformanceResourceTiming[]).map(readEntry).filter((r) => r !== undefined);
    sentStore.setState((s) => ({
      requests: [...s.requests, ...fresh].slice(0, MAX_LISTED),
      counted: s.counted + fresh.length,
      foreign: s.foreign + fresh.filter((r) => isForeign(r, location.host)).length,
    }));
  });
  observer.observe({ type: 'resource', buffered: true });
  addEventListener('securitypolicyviolation', (event) => {
    if (event.effectiveDirective !== 'connect-src') return;
    sentStore.setState((s) => ({ blocked: [...s.blocked, event.blockedURI].slice(-MAX_LISTED) }));
  });
}
