#!/usr/bin/env node
// The `graft` command. An installed package holds the build that it runs; a checkout builds it first when the sources are
// newer. On Linux the GPU's driver is looked for before anything opens it (see tools/find-vulkan.mjs).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { findVulkan } from '../tools/find-vulkan.mjs';
import { isStale } from '../tools/is-stale.mjs';

const ROOT = path.join(import.meta.dirname, '..');
const BUILT = path.join(ROOT, 'dist/cli/graft.js');
const SOURCES = ['src', 'vite.cli.config.ts', 'package-lock.json'].map((name) => path.join(ROOT, name));

if (existsSync(path.join(ROOT, 'src/cli/main.ts')) && isStale(BUILT, SOURCES)) build();
Object.assign(process.env, (await findVulkan())?.env);
const { main } = await import(pathToFileURL(BUILT).href);
const exitCode = await main(process.argv.slice(2));
// An open GPU would keep the process alive; what was printed last must still get through a pipe.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));

/** Built beside and moved into place in one go, so that two commands started together do not read half a file. */
function build() {
  mkdirSync(path.join(ROOT, '.cache'), { recursive: true });
  const folder = mkdtempSync(path.join(ROOT, '.cache/cli-'));
  const vite = path.join(ROOT, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', '--config', 'vite.cli.config.ts', '--outDir', folder, '--logLevel', 'error'];
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status === 0) {
    mkdirSync(path.dirname(BUILT), { recursive: true });
    renameSync(path.join(folder, 'graft.js'), BUILT);
  }
  rmSync(folder, { recursive: true });
  if (status !== 0) {
    console.error('Cannot run graft: the command line did not build; the reason stands above');
    process.exit(1);
  }
}
