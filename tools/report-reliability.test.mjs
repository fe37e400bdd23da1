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

test('what is not measured anew stays as it stands, with figures that are new', () => {
  const promises = [
    { promise: 'kept', tests: ['a.test.ts', 'new.test.ts'], told: 'resume' },
    { promise: 'input', tests: ['b.test.ts'], told: 'input' },
  ];
  const facts = { date: '2026-01-01', device: 'a GPU', machine: '2 cores' };
  const earlier = [
    '| kept | `a.test.ts` | 3 kills<br>in the browser: 2 kills<br>5 tests passed, 0 failed |',
    '| input | `b.test.ts` | zips: 5 files<br>links: 6 links<br>7 tests passed, 0 failed |',
  ].join('\n');
  const figures = [
    { promise: 'resume', figure: '50 kills' },
    { promise: 'input: zips', figure: '20 files' },
  ];
  const report = writeReport(promises, figures, new Map(), facts, earlier);
  assert.match(
    report,
    /\| in the browser: 2 kills<br>50 kills<br>5 tests passed, 0 failed<br>not run: `new\.test\.ts` \|/,
  );
  assert.match(report, /\| links: 6 links<br>zips: 20 files<br>7 tests passed, 0 failed \|/);
  assert.match(writeReport(promises, [], new Map(), facts, report), /not run: `new\.test\.ts` \|/, 'still not run');
  const outcomes = new Map([['b.test.ts', { passed: 1, failed: 0 }]]);
  assert.match(
    writeReport(promises, figures, outcomes, facts, earlier),
    /\| zips: 20 files<br>1 tests passed, 0 failed \|/,
  );
});
