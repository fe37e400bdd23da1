// Counts what leaves this machine: every fetch of the engine goes through here. The browser's own list (Resource Timing)
// tells the page nothing of its worker, and of no request what was sent.

import type { HostTraffic } from './protocol/traffic.ts';

type Fetch = typeof fetch;
type Body = NonNullable<RequestInit['body']>;

export class Traffic {
  private readonly hosts = new Map<string, HostTraffic>();
  private readonly listeners = new Set<() => void>();

  /** `own`: the host that the page came from; asking it for a file of the page tells it nothing new. */
  constructor(private readonly own: string) {}

  /** Told at once, and then soon after anything has changed: a download comes in many small parts. */
  follow(listener: (hosts: readonly HostTraffic[]) => void, everyMs = 250): void {
    const tell = () => listener([...this.hosts.values()]);
    let isDue = false;
    this.listeners.add(() => {
      if (isDue) return;
      isDue = true;
      setTimeout(() => {
        isDue = false;
        tell();
      }, everyMs);
    });
    tell();
  }

  /** `ask`, counted. Redirects are counted where they ended: the browser follows them by itself. */
  counted(ask: Fetch): Fetch {
    return async (input, init) => {
      const request = new Request(input, init);
      const { host } = new URL(request.url);
      const body = await bodyBytes(init?.body);
      this.add(host, { requests: 1, sentBytes: body + (host === this.own ? 0 : headBytes(request)) });
      const response = await ask(input, init);
      const answered = response.url === '' ? host : new URL(response.url).host;
      if (answered !== host) this.add(answered, { requests: 1, sentBytes: response.url.length });
      return this.countBody(response, answered);
    };
  }

  private countBody(response: Response, host: string): Response {
    if (response.body === null) return response;
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform: (part, out) => {
        this.add(host, { receivedBytes: part.byteLength });
        out.enqueue(part);
      },
    });
    const { status, statusText, headers, url } = response;
    const counted = new Response(response.body.pipeThrough(counter), { status, statusText, headers });
    // A Response that is made has no address of its own.
    return Object.defineProperty(counted, 'url', { value: url });
  }

  private add(host: string, more: Partial<Omit<HostTraffic, 'host'>>): void {
    const { requests, sentBytes, receivedBytes } = this.hosts.get(host) ?? {
      requests: 0,
      sentBytes: 0,
      receivedBytes: 0,
    };
    this.hosts.set(host, {
      host,
      requests: requests + (more.requests ?? 0),
      sentBytes: sentBytes + (more.sentBytes ?? 0),
      receivedBytes: receivedBytes + (more.receivedBytes ?? 0),
    });
    for (const listener of this.listeners) listener();
  }
}

function headBytes({ method, url, headers }: Request): number {
  let bytes = `${method} ${url}`.length;
  for (const [name, value] of headers) bytes += name.length + value.length + 4;
  return bytes;
}

async function bodyBytes(body: Body | null | undefined): Promise<number> {
  return body == null ? 0 : (await new Response(body).blob()).size;
}
