import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PushRequest, pushFiles } from './push-files.ts';
import { type FakeHub, READ_TOKEN, startFakeHub, WRITE_TOKEN } from './testing/fake-hub.ts';

let hub: FakeHub;
beforeAll(async () => {
  hub = await startFakeHub({});
});
afterAll(() => hub.close());

const FILES = [
  { name: 'README.md', bytes: new TextEncoder().encode('# pirate\n') },
  { name: 'adapter_model.safetensors', bytes: Uint8Array.from({ length: 5000 }, (_, i) => i % 251) },
];
const push = (over: Partial<PushRequest> = {}) =>
  pushFiles({
    ...{ repo: 'me/pirate', token: WRITE_TOKEN, endpoint: hub.endpoint, isPrivate: true, title: 'Add an adapter' },
    ...{ files: FILES, ...over },
  });

it('makes a repository, sends large files to the storage without the token, and commits all at once', async () => {
  const seen: [number, number][] = [];
  const { url, commit } = await push({ onProgress: (done, total) => seen.push([done, total]) });
  expect(url).toBe(`${hub.endpoint}/me/pirate`);
  expect(commit).toMatch(/^[0-9a-f]{40}$/);
  const { isPrivate, files, commits } = hub.pushed.get('me/pirate')!;
  expect(isPrivate).toBe(true);
  expect(commits).toEqual(['Add an adapter']);
  for (const { name, bytes } of FILES) expect(files.get(name), name).toEqual(bytes);
  expect(seen.at(-1)![1]).toBe(5009);
  const toStorage = hub.seen.filter(({ origin }) => origin === 'storage');
  expect(toStorage.length).toBe(1);
  expect(toStorage.every(({ authorization }) => authorization === undefined)).toBe(true);
});

it('adds a commit to a repository that is there', async () => {
  await push({ title: 'Add it again', files: [{ name: 'README.md', bytes: new TextEncoder().encode('# new\n') }] });
  const { commits, files } = hub.pushed.get('me/pirate')!;
  expect(commits).toEqual(['Add an adapter', 'Add it again']);
  expect(new TextDecoder().decode(files.get('README.md'))).toBe('# new\n');
});

it('says what is wrong with a token, a name or an address, and pushes nothing', async () => {
  await expect(push({ token: 'hf_other' })).rejects.toThrow(/does not know this token/);
  await expect(push({ token: READ_TOKEN })).rejects.toThrow(/this token may not write there/);
  await expect(push({ token: '' })).rejects.toThrow('found no token');
  await expect(push({ repo: 'pirate' })).rejects.toThrow('Cannot push to "pirate"');
  await expect(push({ endpoint: 'http://example.org' })).rejects.toThrow('need an address that begins with https://');
  hub.fault = ({ path }) => (path.includes('/commit/') ? { status: 500 } : undefined);
  await expect(push({ repo: 'me/other' })).rejects.toThrow(/answered 500/);
  hub.fault = undefined;
  expect(hub.pushed.get('me/other')!.commits).toEqual([]);
});
