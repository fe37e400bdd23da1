import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { differences, hashFolder } from './check-build.mjs';

function folder(files) {
  const at = mkdtempSync(path.join(os.tmpdir(), 'graft-check-build-'));
  mkdirSync(path.join(at, 'assets'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(at, name), text);
  return hashFolder(at);
}

test('two builds are compared file by file and byte by byte', () => {
  const first = folder({ 'index.html': 'page', 'assets/a.js': 'code', 'assets/b.js': 'more' });
  assert.deepEqual([...first.keys()], ['assets/a.js', 'assets/b.js', 'index.html']);
  assert.deepEqual(
    differences(first, folder({ 'index.html': 'page', 'assets/a.js': 'code', 'assets/b.js': 'more' })),
    [],
  );
  assert.deepEqual(differences(first, folder({ 'index.html': 'page', 'assets/a.js': 'codE', 'assets/c.js': 'more' })), [
    'assets/a.js differs between two builds',
    'assets/b.js is there in only one of two builds',
    'assets/c.js is there in only one of two builds',
  ]);
});
