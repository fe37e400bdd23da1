import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PROMISES, writeReport } from './report-reliability.mjs';

test('every test that a promise names is there', () => {
  for (const { tests } of PROMISES)
    for (const file of tests) assert.ok(existsSync(path.join(import.meta.dirname, '..', file)), file);
});

test('a promise without a figure, and a test that did not run, are said', () => {
  const promises = [
    { promise: 'kept', tests: ['a.test.ts', 'b.test.ts'], told: 'resume' },
    { promise: 'input', tests: ['a.test.ts'], told: 'input' },
  ];
  const outcomes = new Map([['a.test.ts', { passed: 3, failed: 1 }]]);
  const facts = { date: '2026-01-01', device: 'a GPU', machine: '2 cores' };
  const figures = [{ promise: 'input: zips', figure: '5 changed files' }];
  const report = writeReport(promises, figures, outcomes, facts);
  assert.match(
    report,
    /\| kept \| `a\.test\.ts`<br>`b\.test\.ts` \| \*\*not measured in this run\*\*<br>3 tests passed, 1 failed<br>not run: `b\.test\.ts` \|/,
  );
  assert.match(report, /\| input \| `a\.test\.ts` \| zips: 5 changed files<br>3 tests passed, 1 failed \|/);
  assert.match(report, /2026-01-01 · a GPU · 2 cores/);
});
