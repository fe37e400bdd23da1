// `npm start`: builds the page when it is missing or older than its sources, and serves it on this machine alone.
//   --port N       this port and no other (0: any free one); without it, the first free port from 4173 up
//   --under /p/    below this path, as some hosts serve it
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { isStale } from './is-stale.mjs';
import { serve } from './serve.mjs';

const FIRST_PORT = 4173;
const ROOT = path.join(import.meta.dirname, '..');
const DIST = path.join(ROOT, 'dist');
const SOURCES = ['index.html', 'vite.config.ts', 'package.json', 'package-lock.json', 'public', 'src'];

try {
  const { values } = parseArgs({ options: { port: { type: 'string' }, under: { type: 'string', default: '/' } } });
  const port = values.port === undefined ? FIRST_PORT : readPort(values.port);
  build();
  const server = await serve(DIST, port, values.port === undefined ? 100 : 1, values);
  console.log(`Graft is open at http://127.0.0.1:${server.address().port}${values.under} (Ctrl-C ends it)`);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => close(server));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

function readPort(text) {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new RangeError(`Cannot use port "${text}": need a whole number from 0 to 65535`);
}

function build() {
  const sources = SOURCES.map((name) => path.join(ROOT, name));
  if (!isStale(path.join(DIST, 'index.html'), sources)) return;
  console.log('Building the page …');
  const vite = path.join(ROOT, 'node_modules/vite/bin/vite.js');
  const { status } = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'error'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('Cannot start: the page did not build; the reason stands above');
}

/** Open connections (a browser keeps some) do not hold the end up. */
function close(server) {
  server.close(() => process.exit(0));
  server.closeAllConnections();
}
