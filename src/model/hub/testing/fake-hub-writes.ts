// The writing half of the fake Hub: a repository is made, files are sorted into small and large ones, large ones are put into the
// storage under their hash, and one commit names all of them. As huggingface.co answers @huggingface/hub.

import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface PushedRepo {
  readonly isPrivate: boolean;
  readonly files: Map<string, Uint8Array>;
  readonly commits: string[];
}

export interface FakeWrites {
  /** Repositories by name, as they were pushed. */
  readonly repos: Map<string, PushedRepo>;
  /** True: the request was one of these and is answered. */
  answer(path: string, request: IncomingMessage, out: ServerResponse): Promise<boolean>;
  /** True: bytes that the storage was given. */
  put(path: string, request: IncomingMessage, out: ServerResponse): Promise<boolean>;
}

/** `token`: the one that may write. `readToken`: one that the Hub knows and that may not. */
export function fakeWrites(storage: () => string, token: string, readToken: string): FakeWrites {
  const repos = new Map<string, PushedRepo>();
  const stored = new Map<string, Uint8Array>();
  const known = (id: string, out: ServerResponse) => {
    const repo = repos.get(id);
    if (repo === undefined) reply(out, 404, { error: 'Repository not found' });
    return repo;
  };
  return {
    repos,
    async answer(path, request, out) {
      if (request.method !== 'POST') return false;
      const body = await readBody(request);
      const { authorization } = request.headers;
      if (authorization === `Bearer ${readToken}`) return reply(out, 403, { error: 'Forbidden' });
      if (authorization !== `Bearer ${token}`) return reply(out, 401, { error: 'Invalid credentials' });
      if (path === '/api/repos/create') {
        const { name, organization, visibility } = JSON.parse(body) as Record<string, string>;
        const id = `${organization}/${name}`;
        if (repos.has(id)) return reply(out, 409, { error: 'You already created this model repo' });
        repos.set(id, { isPrivate: visibility === 'private', files: new Map(), commits: [] });
        return reply(out, 200, { url: `https://fake/${id}`, id });
      }
      const pre = /^\/api\/models\/(.+)\/preupload\/main$/.exec(path);
      if (pre) {
        if (!known(pre[1]!, out)) return true;
        const { files } = JSON.parse(body) as { files: { path: string; size: number }[] };
        const modes = files.map((file) => ({
          ...file,
          uploadMode: /\.(safetensors|png)$/.test(file.path) ? 'lfs' : 'regular',
        }));
        return reply(out, 200, { files: modes });
      }
      const batch = /^\/(.+)\.git\/info\/lfs\/objects\/batch$/.exec(path);
      if (batch) {
        const { objects } = JSON.parse(body) as { objects: { oid: string; size: number }[] };
        const actions = objects.map(({ oid, size }) => ({
          oid,
          size,
          ...(!stored.has(oid) && { actions: { upload: { href: `${storage()}/put/${oid}` } } }),
        }));
        return reply(out, 200, { transfer: 'basic', objects: actions });
      }
      const commit = /^\/api\/models\/(.+)\/commit\/main$/.exec(path);
      if (!commit) return false;
      const repo = known(commit[1]!, out);
      if (!repo) return true;
      const lines = body.split('\n').map((line) => JSON.parse(line) as { key: string; value: Record<string, string> });
      for (const { key, value } of lines) {
        if (key === 'file') repo.files.set(value.path!, new Uint8Array(Buffer.from(value.content!, 'base64')));
        if (key !== 'lfsFile') continue;
        const bytes = stored.get(value.oid!);
        if (bytes === undefined) return reply(out, 400, { error: `LFS object ${value.oid} was not uploaded` });
        repo.files.set(value.path!, bytes);
      }
      repo.commits.push(lines.find(({ key }) => key === 'header')!.value.summary!);
      const commitOid = createHash('sha1').update(body).digest('hex');
      return reply(out, 200, { success: true, commitOid, commitUrl: '', hookOutput: '' });
    },
    async put(path, request, out) {
      const oid = request.method === 'PUT' ? /^\/put\/([0-9a-f]{64})$/.exec(path)?.[1] : undefined;
      if (oid === undefined) return false;
      // A signed address and a token together are refused there, as S3 does.
      if (request.headers.authorization !== undefined) return reply(out, 400, {});
      const bytes = await readBytes(request);
      if (createHash('sha256').update(bytes).digest('hex') !== oid) return reply(out, 400, { error: 'wrong hash' });
      stored.set(oid, bytes);
      return reply(out, 200, {});
    },
  };
}

function reply(out: ServerResponse, status: number, json: unknown): true {
  out.writeHead(status, { 'content-type': 'application/json' });
  out.end(JSON.stringify(json));
  return true;
}

async function readBytes(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return new Uint8Array(Buffer.concat(parts));
}

async function readBody(request: IncomingMessage): Promise<string> {
  return new TextDecoder().decode(await readBytes(request));
}
