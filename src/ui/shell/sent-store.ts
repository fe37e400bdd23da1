// What has left this machine since the page was opened, per host: the engine counts its own requests, and the browser's list
// (Resource Timing) tells those of the page itself. The page has no code that sends a body, so its part is 0 as long as each
// of its requests is a plain fetch of a file from its own host. Anything else (another host, a beacon) makes the sum unknown,
// and the bar then says so in red.
import { createStore } from 'zustand/vanilla';
import type { HostTraffic } from '../../engine/protocol.ts';
import { engine } from '../engine.ts';

export interface Request {
  readonly address: string;
  readonly host: string;
  readonly kind: string;
  readonly receivedBytes: number;
}

export interface Sent {
  /** The page's own, oldest first. */
  readonly requests: readonly Request[];
  readonly counted: number;
  /** The engine's, per host. */
  readonly hosts: readonly HostTraffic[];
  readonly foreign: number;
  readonly blocked: readonly string[];
}

/** Long lists are of no use to anyone; later requests are still counted. */
const MAX_LISTED = 200;

export const sentStore = createStore<Sent>(() => ({ requests: [], counted: 0, hosts: [], foreign: 0, blocked: [] }));

/** Bytes told to any host, by the engine; the page itself tells nothing, or the sum is unknown. */
export const sentBytes = ({ hosts }: Pick<Sent, 'hosts'>) => hosts.reduce((sum, host) => sum + host.sentBytes, 0);

export function isForeign(request: Request, ownHost: string): boolean {
  return request.host !== ownHost || request.kind === 'beacon' || request.kind === 'ping';
}

/** A line a host: the page's requests and the engine's together, the page's own host first. */
export function perHost(
  { requests, hosts }: Pick<Sent, 'requests' | 'hosts'>,
  ownHost: string,
): readonly HostTraffic[] {
  const all = new Map<string, HostTraffic>([[ownHost, { host: ownHost, requests: 0, sentBytes: 0, receivedBytes: 0 }]]);
  const add = ({ host, ...more }: HostTraffic) => {
    const before = all.get(host) ?? { host, requests: 0, sentBytes: 0, receivedBytes: 0 };
    all.set(host, {
      host,
      requests: before.requests + more.requests,
      sentBytes: before.sentBytes + more.sentBytes,
      receivedBytes: before.receivedBytes + more.receivedBytes,
    });
  };
  for (const { host, receivedBytes } of requests) add({ host, requests: 1, sentBytes: 0, receivedBytes });
  for (const host of hosts) add(host);
  return [...all.values()];
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

/** The engine's part; an engine that does not start has asked nobody for anything. */
export function followEngineTraffic(): void {
  engine()
    .base.followTraffic((hosts) => sentStore.setState({ hosts }))
    .catch(() => {});
}
