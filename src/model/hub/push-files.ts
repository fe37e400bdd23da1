// Files into a repository of the Hugging Face Hub, as one commit, with @huggingface/hub. The library is loaded when someone
// pushes; the token is an argument, goes to the endpoint and is forgotten.

import { HUB } from './hub-id.ts';

export interface PushRequest {
  /** "user/name". */
  readonly repo: string;
  readonly token: string;
  /** `HUB` when absent. */
  readonly endpoint?: string | undefined;
  readonly isPrivate: boolean;
  readonly title: string;
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly signal?: AbortSignal | undefined;
  /** Share of each file, 0 … 1, as it goes. */
  onProgress?(doneBytes: number, totalBytes: number): void;
}

export interface Pushed {
  readonly url: string;
  readonly commit: string;
}

/** Makes the repository when it is not there, and commits. Throws a sentence; then the repository holds what it held. */
export async function pushFiles(request: PushRequest): Promise<Pushed> {
  const { repo, token: accessToken, files } = request;
  if (!/^[\w.-]+\/[\w.-]+$/.test(repo))
    throw new RangeError(`Cannot push to "${repo}": need a name like "user/my-adapter"`);
  if (accessToken === '')
    throw new RangeError(`Cannot push to "${repo}": found no token, need one of the Hub that may write`);
  const hubUrl = endpointOf(request.endpoint);
  const { createRepo, commitIter } = await import('@huggingface/hub');
  const target = { repo: { type: 'model', name: repo } as const, accessToken, hubUrl };
  await createRepo({ ...target, visibility: request.isPrivate ? 'private' : 'public' }).catch((error: unknown) => {
    if (statusOf(error) !== 409) throw refusal(repo, hubUrl, error); // 409: it is there already
  });
  const operations = files.map(({ name, bytes }) => ({
    operation: 'addOrUpdate' as const,
    path: name,
    content: new Blob([bytes as Uint8Array<ArrayBuffer>]),
  }));
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const shares = new Map<string, number>();
  const steps = commitIter({
    ...target,
    operations,
    title: request.title,
    // Hashes of any size come from the browser itself; beyond this size the library would compile WebAssembly.
    useWebWorkers: { minSize: 2 ** 31 },
    ...(request.signal && { abortSignal: request.signal }),
  });
  try {
    for (;;) {
      const step = await steps.next();
      if (step.done) return { url: `${hubUrl}/${repo}`, commit: step.value?.commit.oid ?? '' };
      if (step.value.event !== 'fileProgress' || step.value.state !== 'uploading') continue;
      shares.set(step.value.path, step.value.progress);
      const done = files.reduce((sum, { name, bytes }) => sum + (shares.get(name) ?? 0) * bytes.length, 0);
      request.onProgress?.(Math.round(done), total);
    }
  } catch (error) {
    request.signal?.throwIfAborted();
    throw refusal(repo, hubUrl, error);
  }
}

/** A token may travel encrypted, or not at all beyond this machine. */
function endpointOf(endpoint: string = HUB): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isLocal = url !== undefined && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url === undefined || (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal)))
    throw new RangeError(`Cannot send the token to "${endpoint}", need an address that begins with https://`);
  return url.origin + url.pathname.replace(/\/+$/, '');
}

function statusOf(error: unknown): number | undefined {
  return (error as { readonly statusCode?: number }).statusCode;
}

function refusal(repo: string, hubUrl: string, error: unknown): Error {
  const { host } = new URL(hubUrl);
  const status = statusOf(error);
  if (status === 401) return new Error(`Cannot push to "${repo}": ${host} does not know this token, need another one`);
  if (status === 403)
    return new Error(`Cannot push to "${repo}": ${host} says that this token may not write there, need one that may`);
  if (status === undefined) return new Error(`Cannot push to "${repo}": ${(error as Error).message}`);
  return new Error(
    `Cannot push to "${repo}": ${host} answered ${status} (${(error as Error).message.split('. URL')[0]})`,
  );
}
