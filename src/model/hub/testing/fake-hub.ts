// A Hub on this machine's loopback for tests: the list of a model's files, "resolve" addresses that answer small files
// themselves and redirect large ones to a second origin, as huggingface.co and its storage do. Faults are put in by hand.

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fakeWrites, type PushedRepo } from './fake-hub-writes.ts';

export interface FakeModel {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly licence?: string;
  /** Only requests with this token get its files. */
  readonly token?: string;
  /** Default: "main". */
  readonly revision?: string;
}

export interface Seen {
  readonly origin: 'hub' | 'storage';
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** What goes wrong with one answer. */
export interface Fault {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection breaks after so many bytes of the body. */
  readonly cutAfter?: number;
  /** The whole file, with 200, whatever was asked for. */
  readonly ignoresRange?: boolean;
  /** As if the file were these bytes now. */
  readonly bytes?: Uint8Array;
  /** So many bytes too many (or, below 0, too few) come back, honestly announced. */
  readonly extraBytes?: number;
  readonly delayMs?: number;
  /** It comes when this has. */
  readonly behind?: Promise<unknown>;
}

export interface FakeHub {
  readonly endpoint: string;
  /** Every request until now. */
  readonly seen: readonly Seen[];
  /** Requests that the storage answered at once, at most. */
  readonly mostAtOnce: () => number;
  /** Asked before each answer; undefined: nothing goes wrong. */
  fault: ((request: Seen, count: number) => Fault | undefined) | undefined;
  /** What was pushed, by repository. */
  readonly pushed: ReadonlyMap<string, PushedRepo>;
  close(): Promise<void>;
}

/** Tokens that the fake Hub knows: one that may write, one that may not. */
export const WRITE_TOKEN = 'hf_write';
export const READ_TOKEN = 'hf_read';

export const FAKE_COMMIT = '0123456789abcdef0123456789abcdef01234567';
const STORED = /\.(safetensors|gguf|bin)$/;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export async function startFakeHub(models: Readonly<Record<string, FakeModel>>): Promise<FakeHub> {
  const seen: Seen[] = [];
  let atOnce = 0;
  let most = 0;
  const stored = new Map<string, Uint8Array>();
  for (const { files } of Object.values(models))
    for (const bytes of Object.values(files)) stored.set(sha256(bytes), bytes);

  const serve = (
    origin: Seen['origin'],
    answer: (path: string, seen: Seen, fault: Fault, out: ServerResponse) => void,
    write: (path: string, request: IncomingMessage, out: ServerResponse) => Promise<boolean>,
  ) =>
    listen(async (request, out) => {
      const path = decodeURIComponent(request.url!.replace(/\?.*$/, ''));
      const { range, authorization } = request.headers;
      const entry: Seen = { origin, path, range, authorization };
      seen.push(entry);
      if (origin === 'storage') {
        most = Math.max(most, ++atOnce);
        out.once('close', () => atOnce--);
      }
      const fault = hub.fault?.(entry, seen.filter((s) => s.path === path).length) ?? {};
      await fault.behind;
      if (fault.delayMs) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
      if (fault.status) end(out, fault.status, fault.headers);
      else if (!(await write(path, request, out))) answer(path, entry, fault, out);
    });

  const writes = fakeWrites(() => origin(storage), WRITE_TOKEN, READ_TOKEN);
  const storage: Server = await serve(
    'storage',
    (path, entry, fault, out) => {
      const bytes = stored.get(path.slice(1));
      // A signed address and a token together are refused there, as S3 does.
      if (entry.authorization !== undefined) end(out, 400);
      else if (bytes === undefined) end(out, 404);
      else sendFile(bytes, entry.range, fault, out);
    },
    writes.put,
  );
  const front = await serve(
    'hub',
    (path, entry, fault, out) => {
      const [, api, resolve] = /^(\/api\/models)?\/(.*)$/.exec(path) ?? [];
      const id = Object.keys(models).find((known) => resolve?.startsWith(`${known}/`));
      const model = id && models[id];
      if (!id || !model) return end(out, 401, { 'x-error-code': 'RepoNotFound' });
      const [, kind, rest = ''] = /^\/([^/]+)\/(.*)$/.exec(resolve!.slice(id.length)) ?? [];
      const revisions = [model.revision ?? 'main', FAKE_COMMIT];
      if (api && kind === 'revision')
        return revisions.includes(rest)
          ? sendList(model, id, out)
          : end(out, 404, { 'x-error-code': 'RevisionNotFound' });
      const revision = revisions.find((known) => rest.startsWith(`${known}/`));
      const bytes = revision && model.files[rest.slice(revision.length + 1)];
      if (kind !== 'resolve' || !bytes) return end(out, 404, { 'x-error-code': 'EntryNotFound' });
      if (model.token !== undefined && entry.authorization === undefined)
        return end(out, 401, { 'x-error-code': 'GatedRepo' });
      if (model.token !== undefined && entry.authorization !== `Bearer ${model.token}`)
        return end(out, 403, { 'x-error-code': 'GatedRepo' });
      if (!STORED.test(path)) return sendFile(bytes, entry.range, fault, out);
      end(out, 302, { location: `${origin(storage)}/${sha256(bytes)}?signed=1` });
    },
    writes.answer,
  );

  const hub: FakeHub = {
    endpoint: origin(front),
    seen,
    mostAtOnce: () => most,
    fault: undefined,
    pushed: writes.repos,
    async close() {
      for (const server of [front, storage]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
  return hub;
}

function sendList({ files, licence, token }: FakeModel, id: string, out: ServerResponse): void {
  const siblings = Object.entries(files).map(([rfilename, bytes]) => ({
    rfilename,
    size: bytes.length,
    blobId: sha256(bytes).slice(0, 40),
    ...(STORED.test(rfilename) && { lfs: { sha256: sha256(bytes), size: bytes.length } }),
  }));
  out.writeHead(200, { 'content-type': 'application/json' });
  const gated = token === undefined ? false : 'auto';
  out.end(JSON.stringify({ id, sha: FAKE_COMMIT, gated, cardData: licence && { license: licence }, siblings }));
}

function sendFile(file: Uint8Array, range: string | undefined, fault: Fault, out: ServerResponse): void {
  const bytes = fault.bytes ?? file;
  const [, from, to] = (!fault.ignoresRange && /^bytes=(\d+)-(\d+)$/.exec(range ?? '')) || [];
  const [begin, end] = from === undefined ? [0, bytes.length] : [Number(from), Number(to) + 1];
  const body = Buffer.concat([bytes.subarray(begin, end), new Uint8Array(Math.max(0, fault.extraBytes ?? 0))]);
  const sent = body.subarray(0, body.length + Math.min(0, fault.extraBytes ?? 0));
  out.writeHead(from === undefined ? 200 : 206, {
    'content-length': sent.length,
    etag: `"${sha256(bytes)}"`,
    ...(from !== undefined && { 'content-range': `bytes ${begin}-${end - 1}/${bytes.length}` }),
  });
  if (fault.cutAfter === undefined) out.end(sent);
  else out.write(sent.subarray(0, fault.cutAfter), () => setTimeout(() => out.destroy(), 5));
}

function end(out: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  out.writeHead(status, headers);
  out.end();
}

function listen(answer: (request: IncomingMessage, out: ServerResponse) => Promise<void>): Promise<Server> {
  const server = createServer((request, out) => void answer(request, out));
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function origin(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
