// Every fault of a network that the Hub's files have to live with, each beside the same request without it.

import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openModelFolder } from '../model-folder.ts';
import { writeSafetensors } from '../safetensors.ts';
import { tinyGgufBytes } from '../testing/tiny-gguf.ts';
import { TINY_CONFIG, tinyTensors, tinyTokenizerJson } from '../testing/tiny-model.ts';
import { readHubId } from './hub-id.ts';
import { MAX_IN_FLIGHT, MAX_TRIES, type Standstill } from './hub-requests.ts';
import { type OpenHubOptions, openHub } from './open-hub.ts';
import { FAKE_COMMIT, type FakeHub, startFakeHub } from './testing/fake-hub.ts';

const text = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const weights = writeSafetensors(tinyTensors());
for (let i = weights.length - 8000; i < weights.length; i++) weights[i] = i % 251;
const tiny = {
  'config.json': text(TINY_CONFIG),
  'tokenizer.json': text(tinyTokenizerJson()),
  'model.safetensors': weights,
};
const SECRET = 'hf_secret';

let hub: FakeHub;
beforeEach(async () => {
  hub = await startFakeHub({
    'org/tiny': {
      files: { ...tiny, 'README.md': text('# tiny'), 'pytorch_model.bin': weights },
      licence: 'apache-2.0',
    },
    'org/gated': { files: tiny, licence: 'llama3.2', token: SECRET },
    'org/tagged': { files: tiny, revision: 'refs/pr/1' },
    'org/old': { files: { 'config.json': text({}), 'vocab.json': text({}), 'pytorch_model.bin': weights } },
    'org/other': { files: { 'config.json': text({}), 'tf_model.h5': weights } },
    'org/one-gguf': { files: { 'tiny.gguf': tinyGgufBytes() } },
    'org/ggufs': { files: { 'a.gguf': tinyGgufBytes(), 'sub/b.gguf': tinyGgufBytes() } },
  });
});
afterEach(() => hub.close());

const open = (id: string, options: OpenHubOptions = {}) =>
  openHub(readHubId(id)!, { endpoint: hub.endpoint, firstWaitMs: 1, chunkBytes: 4096, ...options });
async function readWeights(options?: OpenHubOptions): Promise<Uint8Array> {
  const { files } = await open('org/tiny', options);
  const file = files.find(({ name }) => name === 'model.safetensors')!;
  return file.read(0, file.size);
}
const isStorage = ({ origin }: { origin: string }) => origin === 'storage';

describe('openHub()', () => {
  it('lists what a model needs and nothing else, with size and licence', async () => {
    const model = await open('org/tiny');
    expect(model).toMatchObject({
      name: 'org/tiny',
      licence: 'apache-2.0',
      isGated: false,
      weightBytes: weights.length,
    });
    expect(model.files.map(({ name }) => name)).toEqual(['config.json', 'tokenizer.json', 'model.safetensors']);
    expect(hub.seen).toHaveLength(1);
  });

  it('gives a model that opens like a folder, read from the commit of the list', async () => {
    const { files } = await open('org/tiny');
    const folder = await openModelFolder(files, 'tiny');
    expect(folder.config.layers).toBe(2);
    expect((await folder.loadTokenizer!()).vocabSize).toBeLessThanOrEqual(300);
    const asked = hub.seen.filter(({ path }) => path.includes('/resolve/'));
    expect(asked.every(({ path }) => path.includes(FAKE_COMMIT))).toBe(true);
  });

  it('reads every byte of a large file, in ranges and in order', async () => {
    expect(await readWeights()).toEqual(weights);
    expect(hub.seen.filter(isStorage).every(({ range }) => range !== undefined)).toBe(true);
  });

  it('opens a revision, one .gguf by name, and the only one without a name', async () => {
    expect((await open('org/tagged@refs/pr/1')).files).toHaveLength(3);
    const named = await open('org/ggufs/sub/b.gguf');
    expect(named.files.map(({ name }) => name)).toEqual(['sub/b.gguf']);
    expect((await openModelFolder(named.files)).config.layers).toBe(2);
    expect((await open('org/one-gguf')).name).toBe('org/one-gguf/tiny');
  });

  it("takes torch's own files where there are no safetensors", async () => {
    const old = await open('org/old');
    expect(old.files.map(({ name }) => name)).toEqual(['config.json', 'vocab.json', 'pytorch_model.bin']);
    expect(old.weightBytes).toBe(weights.length);
  });

  it.each([
    ['org/other', 'Cannot open "org/other": found only "tf_model.h5" in it, need model.safetensors or a .gguf file'],
    ['org/ggufs', 'need one of them behind the name, as org/ggufs/a.gguf'],
    ['org/ggufs/c.gguf', 'found no "c.gguf" in it, but "a.gguf", "sub/b.gguf"'],
    ['org/none', 'it is gated, private or not there'],
    ['org/tiny@v9', 'Cannot open "org/tiny" at "v9": found no such revision'],
  ])('refuses %s in a sentence', async (id, sentence) => {
    await expect(open(id)).rejects.toThrow(sentence);
  });

  it('needs the right token for a gated model', async () => {
    const read = async (token?: string) => (await open('org/gated', { token })).files[0]!.read(0, 4);
    await expect(read()).rejects.toThrow('it is gated; accept its licence on');
    await expect(read('hf_other')).rejects.toThrow("this token's account may not read it");
    expect(await read(SECRET)).toHaveLength(4);
  });

  it('never hands the token on to the host of a redirect, nor over http to another machine', async () => {
    const { files } = await open('org/gated', { token: SECRET });
    await files.find(({ name }) => name === 'model.safetensors')!.read(0, 100);
    const [front, storage] = [hub.seen.filter((s) => !isStorage(s)), hub.seen.filter(isStorage)];
    expect(front.every(({ authorization }) => authorization === `Bearer ${SECRET}`)).toBe(true);
    expect(storage.length).toBeGreaterThan(0);
    expect(storage.every(({ authorization }) => authorization === undefined)).toBe(true);
    await expect(open('org/tiny', { endpoint: 'http://mirror.invalid', token: SECRET })).rejects.toThrow('need https');
    await expect(open('org/tiny', { endpoint: 'mirror' })).rejects.toThrow('Cannot use the Hub at "mirror"');
  });
});

describe('a download', () => {
  it('goes on where the connection broke', async () => {
    hub.fault = (s, count) => (isStorage(s) && count % 2 === 1 ? { cutAfter: 1000 } : undefined);
    expect(await readWeights()).toEqual(weights);
    const begins = hub.seen.filter(isStorage).map(({ range }) => Number(/\d+/.exec(range!)![0]) % 4096);
    expect(begins.some((begin) => begin > 0)).toBe(true);
  });

  it('says that it stands still, why and until when, and that it goes on', async () => {
    // The storage is away for a while, for all that is asked of it.
    let away = 2 * MAX_IN_FLIGHT;
    hub.fault = (s) => (isStorage(s) && away-- > 0 ? { cutAfter: 0 } : undefined);
    const told: (Standstill | undefined)[] = [];
    const began = Date.now();
    expect(await readWeights({ onStandstill: (standstill) => void told.push(standstill) })).toEqual(weights);
    expect(told.length).toBeGreaterThan(1);
    for (const standstill of told)
      if (standstill) {
        expect(standstill.reason).toBe('lost');
        expect(standstill.nextTry).toBeGreaterThanOrEqual(began);
      }
    expect(told.some((standstill) => standstill !== undefined)).toBe(true);
    expect(told.at(-1)).toBeUndefined();
  });

  it('calls a host busy that answers so', async () => {
    let away = 2;
    hub.fault = (s) => (isStorage(s) && away-- > 0 ? { status: 503 } : undefined);
    const reasons: (string | undefined)[] = [];
    await readWeights({ chunkBytes: 1 << 20, onStandstill: (standstill) => void reasons.push(standstill?.reason) });
    expect(reasons).toEqual(['busy', 'busy', undefined]);
  });

  it('counts what has come once, and what is not asked for as kept', async () => {
    hub.fault = (s, count) => (isStorage(s) && count % 2 === 1 ? { cutAfter: 1000 } : undefined);
    const { files, weightBytes, doneBytes, isStreaming } = await open('org/tiny');
    const file = files.find(({ name }) => name === 'model.safetensors')!;
    expect([doneBytes(), isStreaming()]).toEqual([0, false]);
    await file.read(0, 4096);
    expect(doneBytes()).toBe(4096);
    // The first half has been kept by an earlier opening.
    const half = 4096 * Math.floor(file.size / 8192);
    file.willRead([{ begin: half, end: file.size }]);
    expect([doneBytes(), isStreaming()]).toEqual([half, true]);
    await file.read(half, file.size - half);
    expect(doneBytes()).toBe(weightBytes);
  });

  it('gives up with the reason when tries bring nothing', async () => {
    hub.fault = (s) => (isStorage(s) ? { cutAfter: 0 } : undefined);
    const { files } = await open('org/tiny');
    const file = files.find(({ name }) => name === 'model.safetensors')!;
    await expect(file.read(0, 10)).rejects.toThrow(/^Cannot reach 127.* for "model.safetensors": .*, after 6 tries$/);
    expect(hub.seen.filter(isStorage)).toHaveLength(MAX_TRIES);
    hub.fault = undefined;
    expect(await file.read(0, 10)).toEqual(weights.slice(0, 10));
  });

  it.each([429, 500, 503])('waits and asks again after status %i', async (status) => {
    hub.fault = (_, count) => (count <= 2 ? { status } : undefined);
    expect(await readWeights({ chunkBytes: 1 << 20 })).toEqual(weights);
  });

  it('waits as long as Retry-After says, and not for ever', async () => {
    hub.fault = (s, count) =>
      isStorage(s) && count === 1 ? { status: 429, headers: { 'retry-after': '1' } } : undefined;
    const began = performance.now();
    expect(await readWeights({ chunkBytes: 1 << 20 })).toEqual(weights);
    expect(performance.now() - began).toBeGreaterThan(950);
    hub.fault = (s) => (isStorage(s) ? { status: 429, headers: { 'retry-after': '3600' } } : undefined);
    await expect(readWeights()).rejects.toThrow('asks to wait 3600 seconds');
  });

  it.each([
    [401, undefined, 'it is gated, private or not there'],
    [403, 'GatedRepo', 'it is gated, and a visitor without a token may not read it'],
    [404, 'EntryNotFound', 'found no such file'],
    [404, undefined, 'found no such model, revision or file'],
    [416, undefined, 'it became shorter'],
    [418, undefined, 'answered 418, need 200 or 206'],
  ])('ends at status %i (%s) without another try', async (status, code, sentence) => {
    hub.fault = (s) => (isStorage(s) ? { status, ...(code && { headers: { 'x-error-code': code } }) } : undefined);
    await expect(readWeights({ chunkBytes: 1 << 20 })).rejects.toThrow(sentence);
    expect(hub.seen.filter(isStorage)).toHaveLength(1);
  });

  it('notices a file that changed between two ranges, by version and by size', async () => {
    const other = weights.slice();
    other[9000]! ^= 1;
    hub.fault = (s, count) => (isStorage(s) && count > 1 ? { bytes: other } : undefined);
    await expect(readWeights()).rejects.toThrow(
      /^Cannot download "model.safetensors": it changed on .* open it again$/,
    );
    hub.fault = (s) => (isStorage(s) ? { bytes: weights.slice(0, -7) } : undefined);
    await expect(readWeights()).rejects.toThrow(
      `found ${weights.length - 7} bytes, need the ${weights.length} of the list`,
    );
  });

  it('refuses a host that sends whole files, except where the whole is one piece', async () => {
    hub.fault = (s) => (isStorage(s) ? { ignoresRange: true } : undefined);
    await expect(readWeights()).rejects.toThrow('sent the whole file, need a host that sends parts of files');
    expect(await readWeights({ chunkBytes: 1 << 20 })).toEqual(weights);
  });

  it('goes on inside a whole file that broke, though the host knows no ranges', async () => {
    hub.fault = (s, count) =>
      isStorage(s) ? { ignoresRange: true, ...(count === 1 && { cutAfter: 5000 }) } : undefined;
    expect(await readWeights({ chunkBytes: 1 << 20 })).toEqual(weights);
  });

  it('refuses an answer that is too long, and asks for the rest of one that is too short', async () => {
    hub.fault = (s) => (isStorage(s) ? { extraBytes: 3 } : undefined);
    await expect(readWeights()).rejects.toThrow('found more bytes than the 4096 asked for');
    hub.fault = (s, count) => (isStorage(s) && count === 1 ? { extraBytes: -3 } : undefined);
    expect(await readWeights()).toEqual(weights);
  });

  it('asks for several ranges at once, never for more than MAX_IN_FLIGHT', async () => {
    // No answer until as many have been asked for, and one more would have had the time to be.
    let asked = 0;
    let answer = () => {};
    const behind = new Promise<void>((resolve) => {
      answer = resolve;
    });
    hub.fault = (s) => {
      if (!isStorage(s)) return undefined;
      if (++asked === MAX_IN_FLIGHT) setTimeout(answer, 50);
      return { behind };
    };
    const { files } = await open('org/tiny', { chunkBytes: 512 });
    const file = files.find(({ name }) => name === 'model.safetensors')!;
    await Promise.all(Array.from({ length: 20 }, (_, i) => file.read(512 * i, 512)));
    expect(hub.mostAtOnce()).toBe(MAX_IN_FLIGHT);
  });

  it('ends at once when it is cancelled, as an abort', async () => {
    const abort = new AbortController();
    hub.fault = (s, count) => {
      if (isStorage(s) && count === 3) abort.abort();
      return isStorage(s) ? { delayMs: 20 } : undefined;
    };
    // Counted where they are made: what is on its way may still arrive.
    const asking = vi.spyOn(globalThis, 'fetch');
    try {
      await expect(readWeights({ signal: abort.signal })).rejects.toMatchObject({ name: 'AbortError' });
      const asked = asking.mock.calls.length;
      expect(asked).toBeGreaterThanOrEqual(3);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(asking).toHaveBeenCalledTimes(asked);
    } finally {
      asking.mockRestore();
    }
  });

  it('fetches what is planned, each chunk once, though it is read out of order', async () => {
    const { files } = await open('org/tiny');
    const file = files.find(({ name }) => name === 'model.safetensors')!;
    const order = [3, 0, 4, 1].map((chunk) => ({ begin: 2048 * chunk, end: 2048 * chunk + 2048 }));
    file.willRead(order);
    for (const { begin, end } of order) expect(await file.read(begin, end - begin)).toEqual(weights.slice(begin, end));
    const ranges = hub.seen.filter(isStorage).map(({ range }) => range);
    expect([...ranges].sort()).toEqual(['bytes=0-4095', 'bytes=4096-8191', 'bytes=8192-12287']);
  });
});

describe('a list', () => {
  it.each([
    ['no JSON', '<html>', 'found no JSON'],
    ['no list', '{"sha":"0123456"}', 'found no list of files'],
    ['no commit', '{"siblings":[]}', 'found no commit'],
    ['no size', '{"sha":"0123456","siblings":[{"rfilename":"config.json"}]}', '"config.json" without a size'],
    [
      'names that climb',
      '{"sha":"0123456","siblings":[{"rfilename":"../model.safetensors","size":1}]}',
      'found only "../model',
    ],
  ])('with %s is refused', async (_, body, sentence) => {
    const server = createServer((_request, out) => out.end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await expect(open('x/y', { endpoint: `http://127.0.0.1:${port}` })).rejects.toThrow(sentence);
    server.closeAllConnections();
    server.close();
  });
});
