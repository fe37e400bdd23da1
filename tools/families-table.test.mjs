import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { familiesTable, withTable } from './families-table.mjs';

test('README.md lists the families that there are', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  assert.equal(withTable(readme), readme, 'run node tools/families-table.mjs');
});

test('a README without the marks is refused (control)', () => {
  assert.match(familiesTable(), /\| BLOOM \| `bloom` \| `bloom_three_heads` \|/);
  assert.throws(() => withTable('# Graft\n'), /Cannot write the table/);
});
