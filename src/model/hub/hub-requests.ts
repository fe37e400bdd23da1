// Requests to a Hub: a few at a time, repeated when a connection breaks or the server is busy, every refusal one sentence.
// Plain fetch, so that one file serves the page and Node. No request carries more than an address, a byte range and, to
// the endpoint itself, the token: fetch drops Authorization when a redirect leads to another origin.

import { HUB } from './hub-id.ts';

/** Requests in flight at once. More gain nothing on one line to one host. */
export const MAX_IN_FLIGHT = 6;
/** Tries in a row that bring no byte before a request is given up. */
export const MAX_TRIES = 6;
/** The first wait before another try; each next one is twice as long. */
const FIRST_WAIT_MS = 500;
const MAX_WAIT_MS = 16_000;
/** A server that asks for more patience than this is reported, not waited for. */
const MAX_RETRY_AFTER_MS = 90_000;
/** A connection without a byte for so long counts as broken. */
const STALL_MS = 30_000;
/** The list of a repository's files; those of a thousand files take 200 kB. */
const MAX_LISTING_BYTES = 20_000_000;

export interface HubAccess {
  /** `HUB` when absent. */
  readonly endpoint?: string | undefined;
  /** For gated and private models. Lives in memory, goes to the endpoint alone. */
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Shorter waits are for tests. */
  readonly firstWaitMs?: number;
  /** Told when nothing comes any more because every request in flight was interrupted, and when bytes come again. */
  onStandstill?(standstill: Standstill | undefined): void;
}

/** Why no byte comes, and when the next try is made. */
export interface Standstill {
  /** The connection broke, was silent for too long, or the host asked to come again later. */
  readonly reason: 'lost' | 'silent' | 'busy';
  /** Milliseconds since 1970; in the past while a try is being made. */
  readonly nextTry: number;
}

/** What a range of a file's bytes is asked of and held against. */
export interface RangeRequest {
  readonly url: string;
  /** For sentences. */
  readonly name: string;
  /** Of the whole file, as listed. */
  readonly size: number;
  readonly offset: number;
  readonly length: number;
  /** The most bytes in front of the range that may be thrown away when a server sends the whole file. */
  readonly maxSkip: number;
  /** ETag of earlier answers for this file; set by the first one that has it. */
  readonly pin: { etag: string | undefined };
  onBytes?(count: number): void;
}

/** Worth another try. */
class Interrupted extends Error {
  constructor(
    message: string,
    readonly reason: Standstill['reason'],
    readonly waitMs?: number,
  ) {
    super(message);
  }
}

export class HubRequests {
  readonly endpoint: string;
  private readonly waiting: (() => void)[] = [];
  private inFlight = 0;
  /** Requests in flight that were interrupted and have brought nothing since. */
  private readonly interrupted = new Map<symbol, Standstill>();
  private standstill: Standstill | undefined;

  constructor(private readonly access: HubAccess) {
    this.endpoint = checkEndpoint(access.endpoint, access.token);
  }

  get host(): string {
    return new URL(this.endpoint).host;
  }

  /** A JSON answer of the endpoint. `what`: the model, for sentences. */
  async json(path: string, what: string): Promise<unknown> {
    const text = await this.repeat(what, async (signal, alive) => {
      const response = await this.send(`${this.endpoint}${path}`, {}, signal);
      if (!response.ok) throw await this.refusal(response, what);
      const parts: Uint8Array[] = [];
      let bytes = 0;
      for await (const part of streamOf(response)) {
        alive();
        parts.push(part);
        bytes += part.length;
        if (bytes > MAX_LISTING_BYTES)
          throw new RangeError(
            `Cannot open ${what}: found a list of more than ${MAX_LISTING_BYTES} bytes, need at most that`,
          );
      }
      return new TextDecoder().decode(join(parts, bytes));
    });
    try {
      return JSON.parse(text);
    } catch {
      throw new SyntaxError(`Cannot open ${what}: found no JSON at ${this.host}, need the Hub's list of files`);
    }
  }

  /** Bytes of a file. A broken connection is taken up where it broke. */
  async range(request: RangeRequest): Promise<Uint8Array> {
    const bytes = new Uint8Array(request.length);
    let done = 0;
    const what = `"${request.name}"`;
    await this.repeat(
      what,
      async (signal, alive) => {
        const left = { begin: request.offset + done, end: request.offset + request.length };
        const isWhole = left.begin === 0 && left.end === request.size;
        const headers: Record<string, string> = isWhole ? {} : { range: `bytes=${left.begin}-${left.end - 1}` };
        const response = await this.send(request.url, headers, signal);
        let skip = await this.checkRange(response, request, left.begin);
        for await (const received of streamOf(response)) {
          alive();
          request.onBytes?.(received.length);
          const part = received.subarray(Math.min(skip, received.length));
          skip -= received.length - part.length;
          if (part.length > bytes.length - done) {
            if (response.status === 200 && left.end < request.size) {
              bytes.set(part.subarray(0, bytes.length - done), done);
              done = bytes.length;
              return; // the rest of a whole file that nobody asked for
            }
            throw new Error(
              `Cannot download ${what}: found more bytes than the ${request.length} asked for, need an exact answer`,
            );
          }
          bytes.set(part, done);
          done += part.length;
        }
        if (done < bytes.length) throw new Interrupted(`found ${done} of ${bytes.length} bytes`, 'lost');
      },
      () => done,
    );
    return bytes;
  }

  /** Throws unless the answer is the range asked for; returns how many bytes of it come before `begin`. */
  private async checkRange(response: Response, request: RangeRequest, begin: number): Promise<number> {
    const what = `"${request.name}"`;
    if (!response.ok) throw await this.refusal(response, what);
    const changed = (found: string, need: string) =>
      new Error(`Cannot download ${what}: it changed on ${this.host}: found ${found}, need ${need}; open it again`);
    const etag = response.headers.get('etag')?.replace(/^W\//, '');
    request.pin.etag ??= etag;
    if (etag !== undefined && etag !== request.pin.etag) throw changed(`version ${etag}`, `${request.pin.etag}`);
    if (response.status === 200) {
      const length = response.headers.get('content-length');
      const isPlain = !response.headers.has('content-encoding');
      if (isPlain && length !== null && Number(length) !== request.size)
        throw changed(`${length} bytes`, `the ${request.size} of the list`);
      if (begin <= request.maxSkip && request.size <= request.maxSkip + request.length) return begin;
      throw new Error(
        `Cannot download ${what}: ${new URL(response.url).host} sent the whole file, need a host that sends parts of files`,
      );
    }
    // Another origin may hide this header from a page; then the count of bytes has to do.
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
    if (range && range[2] !== '*' && Number(range[2]) !== request.size)
      throw changed(`${range[2]} bytes`, `the ${request.size} of the list`);
    if (range && Number(range[1]) !== begin)
      throw new Error(`Cannot download ${what}: found bytes from ${range[1]}, need those from ${begin}`);
    return 0;
  }

  private async send(url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    const { token } = this.access;
    const authorization = token ? { authorization: `Bearer ${token}` } : undefined;
    const init = {
      headers: { ...headers, ...authorization },
      signal,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      // The prepared store is the cache; a browser's own would keep gigabytes twice.
      cache: 'no-store',
    } as const;
    try {
      return await fetch(url, init);
    } catch (error) {
      this.access.signal?.throwIfAborted();
      throw interruption(error);
    }
  }

  /** Runs `attempt` in a free place, again after each interruption until MAX_TRIES of them in a row brought nothing. */
  private async repeat<T>(
    what: string,
    attempt: (signal: AbortSignal, alive: () => void) => Promise<T>,
    progress: () => number = () => 0,
  ): Promise<T> {
    const { signal } = this.access;
    const request = Symbol(what);
    await this.takePlace();
    try {
      for (let tries = 0, seen = progress(); ; ) {
        signal?.throwIfAborted();
        const stalled = new AbortController();
        let timer = setTimeout(() => stalled.abort(), STALL_MS);
        const alive = () => {
          clearTimeout(timer);
          timer = setTimeout(() => stalled.abort(), STALL_MS);
          this.note(request, undefined);
        };
        const stop = () => stalled.abort();
        signal?.addEventListener('abort', stop);
        try {
          return await attempt(stalled.signal, alive);
        } catch (error) {
          signal?.throwIfAborted();
          if (!(error instanceof Interrupted)) throw error;
          tries = progress() > seen ? 1 : tries + 1;
          seen = progress();
          if (tries >= MAX_TRIES)
            throw new Error(`Cannot reach ${this.host} for ${what}: ${error.message}, after ${MAX_TRIES} tries`);
          const backOff = Math.min(MAX_WAIT_MS, (this.access.firstWaitMs ?? FIRST_WAIT_MS) * 2 ** (tries - 1));
          const waitMs = error.waitMs ?? backOff;
          this.note(request, { reason: error.reason, nextTry: Date.now() + waitMs });
          await wait(waitMs, signal);
        } finally {
          clearTimeout(timer);
          signal?.removeEventListener('abort', stop);
          stalled.abort(); // lets go of a body that was not read to its end
        }
      }
    } finally {
      this.inFlight--;
      this.note(request, undefined);
      this.waiting.shift()?.();
    }
  }

  /** Tells of a standstill when the last request that brought something is interrupted, and when one brings something again. */
  private note(request: symbol, interrupted: Standstill | undefined): void {
    if (interrupted) this.interrupted.set(request, interrupted);
    else this.interrupted.delete(request);
    const stands = this.inFlight > 0 && this.interrupted.size === this.inFlight;
    const first = stands ? [...this.interrupted.values()].reduce((a, b) => (b.nextTry < a.nextTry ? b : a)) : undefined;
    if (first === this.standstill) return;
    this.standstill = first;
    this.access.onStandstill?.(first);
  }

  private async takePlace(): Promise<void> {
    while (this.inFlight >= MAX_IN_FLIGHT) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.inFlight++;
  }

  /** What a status other than 2xx means, for `what`. */
  private async refusal(response: Response, what: string): Promise<Error> {
    const { status, headers } = response;
    if (status === 408 || status === 429 || status >= 500) {
      const seconds = Number(headers.get('retry-after') ?? Number.NaN);
      const waitMs = Number.isFinite(seconds) ? Math.max(0, 1000 * seconds) : undefined;
      if (waitMs !== undefined && waitMs > MAX_RETRY_AFTER_MS)
        return new Error(`Cannot download ${what}: ${this.host} asks to wait ${seconds} seconds (status ${status})`);
      return new Interrupted(`found status ${status}`, 'busy', waitMs);
    }
    const code = headers.get('x-error-code');
    const isGated = code === 'GatedRepo';
    const hasToken = Boolean(this.access.token);
    const found = `${this.host} answered ${status}${code ? ` (${code})` : ''}`;
    if (status === 401 && hasToken && !isGated)
      return new Error(`Cannot open ${what}: ${found}, need another token, or a model that exists`);
    if (status === 401)
      return new Error(
        isGated
          ? `Cannot open ${what}: it is gated; accept its licence on ${this.host}, then give a token`
          : `Cannot open ${what}: ${found}: it is gated, private or not there; need its exact name, or a token that may read it`,
      );
    if (status === 403)
      return new Error(
        `Cannot open ${what}: ${found}: it is gated, and ${hasToken ? "this token's account" : 'a visitor without a token'} may not read it; accept its licence on ${this.host} first`,
      );
    if (status === 404)
      return new Error(
        `Cannot open ${what}: found no such ${code === 'RevisionNotFound' ? 'revision' : code === 'EntryNotFound' ? 'file' : code === 'RepoNotFound' ? 'model' : 'model, revision or file'} on ${this.host}`,
      );
    if (status === 416) return new Error(`Cannot download ${what}: it became shorter on ${this.host}; open it again`);
    return new Error(`Cannot open ${what}: ${found}, need 200 or 206`);
  }
}

/** A token may travel encrypted, or not at all beyond this machine. */
function checkEndpoint(endpoint: string | undefined, token: string | undefined): string {
  const url = parseUrl(endpoint || HUB);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new RangeError(`Cannot use the Hub at "${endpoint}": need an address that begins with https://`);
  const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (token && url.protocol === 'http:' && !isLocal)
    throw new RangeError(`Cannot send the token to "${url.origin}": found http, need https`);
  return url.origin + url.pathname.replace(/\/+$/, '');
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

/** The body's parts; a connection that breaks while they come is an interruption. Safari's streams cannot be iterated. */
async function* streamOf(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read().catch((error: unknown) => {
      throw interruption(error);
    });
    if (next === undefined || next.done) return;
    yield next.value;
  }
}

/** Browsers say only "Failed to fetch"; Node has the reason as the error's cause. */
function interruption(error: unknown): Interrupted {
  const { message, cause } = error as Error;
  if ((error as Error).name === 'AbortError')
    return new Interrupted(`found no byte for ${STALL_MS / 1000} seconds`, 'silent');
  return new Interrupted(`the connection broke (${(cause as Error | undefined)?.message ?? message})`, 'lost');
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}

function join(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const out = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
