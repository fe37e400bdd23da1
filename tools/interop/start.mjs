// Programs in processes of their own, a few at a time: most of their time is starting up, which takes one core.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

const MOST_AT_ONCE = Math.min(4, Math.max(2, availableParallelism() - 1));
let running = 0;
const waiting = [];

/** What it said and ended with, when it has ended; waits for its turn. With `isShown` what it says is shown at once instead. */
export async function start(command, args, { isShown = false, ...options } = {}) {
  if (running >= MOST_AT_ONCE) await new Promise((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await ended(spawn(command, args.map(String), { stdio: isShown ? 'inherit' : 'pipe', ...options }));
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

function ended(child) {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name]?.setEncoding('utf8').on('data', (text) => (said[name] += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status: status ?? signal, ...said }));
  });
}
