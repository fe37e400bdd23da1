// Serves one folder on 127.0.0.1 and to nobody else. A page of another site must not reach it through the browser either:
// the Host header stops DNS rebinding, Origin and Cross-Origin-Resource-Policy stop requests from other pages.
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.jsonl': 'application/jsonl; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.wgsl': 'text/wgsl; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};
/** Everything unknown, `.safetensors` and `.gguf` among it, is bytes. */
const BYTES = 'application/octet-stream';

const HEADERS = {
  // Both make the page cross-origin isolated: exact timers and SharedArrayBuffer.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy': "frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Accept-Ranges': 'bytes',
  // A rebuilt page must show at the next reload; unchanged files answer 304.
  'Cache-Control': 'no-cache',
};

/**
 * Listens on the first free port from `port` up, `tries` of them; resolves with the server. `under`: the sub-path that the
 * folder lies at, with its slashes; everything outside is not found.
 */
export async function serve(folder, port, tries = 1, { under = '/' } = {}) {
  const root = await realpath(folder);
  const server = http.createServer((request, response) => {
    const isUnder = request.url.startsWith(under);
    request.url = isUnder ? request.url.slice(under.length - 1) : '/outside';
    answer(root, request, response).catch(() => response.destroy());
  });
  for (let next = port; ; next++) {
    const error = await listen(server, next);
    if (!error) return server;
    if (error.code !== 'EADDRINUSE' || next + 1 >= port + tries) {
      throw new Error(`Cannot listen on port ${next}: ${error.code}`);
    }
  }
}

function listen(server, port) {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', resolve);
      resolve(undefined);
    });
  });
}

async function answer(root, request, response) {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (!isOwn(request)) return end(response, 403, 'Only pages of this server may ask it');
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return end(response, 405, 'Only GET and HEAD', { Allow: 'GET, HEAD' });
  const file = await findFile(root, request.url);
  if (!file) return end(response, 404, 'Not found');

  const { size, mtimeMs } = file;
  const type = TYPES[path.extname(file.path).toLowerCase()] ?? BYTES;
  const tag = `"${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}"`;
  response.setHeader('ETag', tag);
  response.setHeader('Last-Modified', new Date(mtimeMs).toUTCString());
  response.setHeader('Content-Type', type);
  if (request.headers['if-none-match'] === tag) return response.writeHead(304).end();

  if (isPacked(request, type, size)) {
    response.writeHead(200, { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' });
    return pipeline(createReadStream(file.path), createGzip(), response);
  }

  const wanted = (request.headers['if-range'] ?? tag) === tag ? request.headers.range : undefined;
  const range = parseRange(wanted, size);
  if (range === 'unsatisfiable') return end(response, 416, 'No such bytes', { 'Content-Range': `bytes */${size}` });
  if (range) response.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${size}`);
  const { start, end: last } = range ?? { start: 0, end: size - 1 };
  response.writeHead(range ? 206 : 200, { 'Content-Length': last - start + 1 });
  if (request.method === 'HEAD' || size === 0) return response.end();
  await pipeline(createReadStream(file.path, { start, end: last }), response);
}

/** Text is sent packed to who takes it so; parts of files, weights and pictures are not. */
function isPacked({ method, headers }, type, size) {
  const isText = /^text\/|javascript|json|svg/.test(type);
  return (
    isText && size > 1024 && method === 'GET' && !headers.range && /\bgzip\b/.test(headers['accept-encoding'] ?? '')
  );
}

/** True when the browser asked for this server by a loopback name, and no page of another origin did the asking. */
function isOwn({ headers, socket }) {
  const hosts = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${socket.localPort}`);
  if (!hosts.includes(headers.host)) return false;
  return headers.origin === undefined || hosts.some((host) => headers.origin === `http://${host}`);
}

/** The file below `root` that a request path names, links resolved; undefined when there is none. */
async function findFile(root, url) {
  try {
    const name = decodeURIComponent(url.replace(/[?#].*$/s, ''));
    const file = await realpath(path.join(root, name.endsWith('/') ? `${name}index.html` : name));
    const found = await stat(file);
    return file.startsWith(root + path.sep) && found.isFile()
      ? { path: file, size: found.size, mtimeMs: found.mtimeMs }
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Bytes `start` to `end`, both included, of a `Range: bytes=…` header; undefined when the whole file is to be sent, which
 * is also the allowed answer to several ranges and to a header that makes no sense.
 */
export function parseRange(header, size) {
  const [, first, last] = header?.match(/^bytes=(\d*)-(\d*)$/) ?? [];
  if (first === undefined || (first === '' && last === '')) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  return start < size && start <= end ? { start, end } : 'unsatisfiable';
}

function end(response, status, text, headers = {}) {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers });
  response.end(`${text}\n`);
}
