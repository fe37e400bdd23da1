import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { isStale } from './is-stale.mjs';

test('isStale() compares a built file with everything it is built from', () => {
  const root = mkdtempSync(path.join(os.tmpdir(), 'graft-stale-'));
  const [folder, source, output] = ['src/deep', 'src/deep/a.ts', 'out.js'].map((name) => path.join(root, name));
  const sources = [path.join(root, 'src'), path.join(root, 'absent')];
  const at = (file, seconds) => utimesSync(file, seconds, seconds);
  mkdirSync(folder, { recursive: true });
  writeFileSync(source, '');
  assert.equal(isStale(output, sources), true, 'nothing is built yet');

  writeFileSync(output, '');
  for (const file of [source, folder, path.join(root, 'src')]) at(file, 1000);
  at(output, 2000);
  assert.equal(isStale(output, sources), false);
  at(source, 3000);
  assert.equal(isStale(output, sources), true, 'a file has changed');
  at(source, 1000);
  at(folder, 3000);
  assert.equal(isStale(output, sources), true, 'a file was added, removed or renamed');
});
