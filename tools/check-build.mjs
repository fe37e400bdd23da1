// `npm run check:build`: builds the page and the command line twice, in folders of their own, and compares every byte. What people
// download can then be checked against the sources that it says it is made of.
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';

const ROOT = path.join(import.meta.dirname, '..');
const CONFIGS = ['vite.config.ts', 'vite.cli.config.ts'];

/** SHA-256 of every file below a folder, by its path there with "/". */
export function hashFolder(folder) {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
  return new Map(
    names.sort().map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(path.join(folder, name)))
        .digest('hex'),
    ]),
  );
}

/** One sentence for each file that is not the same in both. */
export function differences(first, second) {
  return [...new Set([...first.keys(), ...second.keys()])].sort().flatMap((name) => {
    if (first.get(name) === second.get(name)) return [];
    if (!first.has(name) || !second.has(name)) return [`${name} is there in only one of two builds`];
    return [`${name} differs between two builds`];
  });
}

async function buildInto(folder) {
  for (const config of CONFIGS) {
    await build({
      root: ROOT,
      configFile: path.join(ROOT, config),
      logLevel: 'warn',
      build: { outDir: path.join(folder, path.basename(config, '.ts')), emptyOutDir: true },
    });
  }
  return hashFolder(folder);
}

async function main() {
  const folders = [0, 1].map(() => mkdtempSync(path.join(os.tmpdir(), 'graft-build-')));
  try {
    const [first, second] = [await buildInto(folders[0]), await buildInto(folders[1])];
    const found = differences(first, second);
    for (const sentence of found) console.error(`Cannot reproduce the build: ${sentence}`);
    const whole = createHash('sha256')
      .update([...first].flat().join('\n'))
      .digest('hex');
    console.log(`two builds of ${first.size} files, ${found.length} differences · sha256 ${whole}`);
    process.exitCode = found.length > 0 || first.size === 0 ? 1 : 0;
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
