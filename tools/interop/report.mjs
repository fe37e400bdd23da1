// What the checks of tools/interop share: where programs that only they need are kept, and how a check is told.
import { homedir } from 'node:os';
import path from 'node:path';

/** In the user's cache, so that a clean clone does not fetch hundreds of megabytes again. */
export const TOOLS = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'graft', 'interop');

/** Prints [name, passed, what was found] lines; returns { passed, failed }. */
export function report(checks) {
  const counts = { passed: 0, failed: 0 };
  for (const [name, passed, found] of checks) {
    console.log(`  ${passed ? 'ok  ' : 'FAIL'}  ${name}: ${String(found).slice(0, 200)}`);
    counts[passed ? 'passed' : 'failed'] += 1;
  }
  return counts;
}

export function skip(name, reason) {
  console.log(`  SKIP  ${name}: ${reason}`);
  return { passed: 0, failed: 0, skipped: 1 };
}
