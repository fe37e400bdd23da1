// Whether a built file is missing or older than what it is built from.
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** `sources`: files and folders; folders count with everything in them. Those that do not exist do not count. */
export function isStale(output, sources) {
  if (!existsSync(output)) return true;
  const built = statSync(output).mtimeMs;
  return sources.some((source) => existsSync(source) && isNewer(source, built));
}

function isNewer(file, time) {
  const found = statSync(file);
  // A folder's own time moves when something in it is added, removed or renamed.
  if (found.mtimeMs > time) return true;
  return found.isDirectory() && readdirSync(file).some((name) => isNewer(path.join(file, name), time));
}
