import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parseRange, serve } from './serve.mjs';

let server;
let port;

before(async () => {
  const outside = mkdtempSync(path.join(os.tmpdir(), 'graft-serve-'));
  const root = path.join(outside, 'dist');
  mkdirSync(path.join(root, 'models'), { recursive: true });
  writeFileSync(path.join(outside, 'secret.txt'), 'secret');
  writeFileSync(path.join(root, 'index.html'), '<p>page</p>');
  writeFileSync(path.join(root, 'empty.txt'), '');
  writeFileSync(path.join(root, 'models/a b.safetensors'), '0123456789');
  for (const name of ['x.wasm', 'x.json', 'x.wgsl', 'x.js']) writeFileSync(path.join(root, name), '1');
  symlinkSync(path.join(outside, 'secret.txt'), path.join(root, 'link.txt'));
  server = await serve(root, 0);
  port = server.address().port;
});
after(() => server.close());

/** fetch() would tidy the path and refuse to set Host, so requests are made by hand. */
function get(url, { method = 'GET', headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: url, method, headers: { host: `localhost:${port}`, ...headers } };
    const request = http.request(options, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode, headers: response.headers, text });
    });
    request.on('error', reject).end();
  });
}

test('nobody on the network reaches it', () => {
  assert.equal(server.address().address, '127.0.0.1');
});

test('the page comes with the headers that isolate it', async () => {
  const { status, headers, text } = await get('/');
  assert.equal(status, 200);
  assert.equal(text, '<p>page</p>');
  assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
  assert.equal(headers['cross-origin-embedder-policy'], 'require-corp');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['referrer-policy'], 'no-referrer');
});

test('files have the types that browsers insist on', async () => {
  const type = async (url) => (await get(url)).headers['content-type'];
  assert.equal(await type('/x.wasm'), 'application/wasm');
  assert.match(await type('/x.js'), /^text\/javascript/);
  assert.match(await type('/x.json'), /^application\/json/);
  assert.match(await type('/x.wgsl'), /^text\/wgsl/);
  assert.equal(await type('/models/a%20b.safetensors'), 'application/octet-stream');
});

test('a request by another name or from another page is refused', async () => {
  const status = async (headers) => (await get('/', { headers })).status;
  assert.equal(await status({ host: `attacker.example:${port}` }), 403);
  assert.equal(await status({ host: 'localhost:1' }), 403);
  assert.equal(await status({ origin: 'https://attacker.example' }), 403);
  assert.equal(await status({ origin: 'null' }), 403);
  assert.equal(await status({ origin: `http://localhost:${port}` }), 200);
  assert.equal((await get('/', { method: 'POST' })).status, 405);
});

test('nothing outside the folder is served', async () => {
  const urls = [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/link.txt',
    '//etc/passwd',
    '/%00',
    '/%',
    '/models',
  ];
  for (const url of urls) assert.equal((await get(url)).status, 404, url);
});

test('part of a file can be asked for', async () => {
  const part = (range, more = {}) => get('/models/a%20b.safetensors', { headers: { range, ...more } });
  const middle = await part('bytes=2-4');
  assert.deepEqual([middle.status, middle.text, middle.headers['content-range']], [206, '234', 'bytes 2-4/10']);
  assert.equal((await part('bytes=0-0')).text, '0');
  assert.equal((await part('bytes=7-')).text, '789');
  assert.equal((await part('bytes=-3')).text, '789');
  assert.equal((await part('bytes=10-')).status, 416);
  assert.equal((await part('bytes=2-4', { 'if-range': '"old"' })).text, '0123456789');
});

test('an unchanged file is not sent twice, and HEAD sends no body', async () => {
  const first = await get('/');
  assert.equal((await get('/', { headers: { 'if-none-match': first.headers.etag } })).status, 304);
  const head = await get('/', { method: 'HEAD' });
  assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', '11']);
  assert.deepEqual([(await get('/empty.txt')).status, (await get('/empty.txt')).text], [200, '']);
});

test('parseRange() sends the whole file for a header that makes no sense', () => {
  for (const header of [undefined, 'bytes=-', 'bytes=4-2', 'bytes=0-1,4-5', 'lines=1-2'])
    assert.equal(parseRange(header, 10), undefined);
  assert.equal(parseRange('bytes=-0', 10), 'unsatisfiable');
  assert.deepEqual(parseRange('bytes=-99', 10), { start: 0, end: 9 });
});

test('serve() takes the next port when one is in use, and says so when it may not', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'graft-serve-'));
  const next = await serve(folder, port, 20);
  assert.ok(next.address().port > port);
  next.close();
  await assert.rejects(serve(folder, port), /^Error: Cannot listen on port \d+: EADDRINUSE$/);
});
