import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failedInBrowser, failedTools, failedUnits } from './failed-tests.mjs';

test('failedTools() names what TAP says is not ok', () => {
  const tap = `TAP version 13
# Subtest: adds
ok 1 - adds
  ---
  duration_ms: 0.6
  ...
# Subtest: subtracts
not ok 2 - subtracts
  ---
  duration_ms: 0.4
  type: 'test'
  location: 'a.test.mjs:3:1'
  failureType: 'testCodeFailure'
  error: '1 is not 2'
  code: 'ERR_ASSERTION'
  ...
# Subtest: multiplies
not ok 3 - multiplies
  ---
  error: |-
    Expected values to be equal:
    
    1 !== 2
  ...
1..3`;
  assert.deepEqual(failedTools(tap), ["subtracts: '1 is not 2'", 'multiplies: Expected values to be equal:']);
  assert.deepEqual(failedTools(''), []);
});

test('failedUnits() names failed tests, and files that did not load', () => {
  const passed = { status: 'passed', fullName: 'a passes', failureMessages: [] };
  const failed = { status: 'failed', fullName: 'a fails', failureMessages: ['AssertionError: 1 is not 2\n    at …'] };
  const testResults = [
    { name: '/graft/src/a.test.ts', status: 'failed', message: '', assertionResults: [passed, failed] },
    { name: '/graft/src/b.test.ts', status: 'failed', message: 'Cannot find module', assertionResults: [] },
    { name: '/graft/src/c.test.ts', status: 'passed', message: '', assertionResults: [passed] },
  ];
  assert.deepEqual(failedUnits({ testResults }, '/graft'), [
    'src/a.test.ts › a fails: AssertionError: 1 is not 2',
    'src/b.test.ts: Cannot find module',
  ]);
  assert.deepEqual(failedUnits({}, '/graft'), []);
});

test('failedInBrowser() names failed stories, within groups too, and errors between tests', () => {
  const results = [{ error: { message: '\u001b[31mError: not visible\u001b[39m\n  at …' } }];
  const failed = { ok: false, file: 'a.spec.ts', title: 'is seen', tests: [{ results }] };
  const passed = { ok: true, file: 'a.spec.ts', title: 'is there', tests: [{ results: [{}] }] };
  const report = {
    suites: [{ specs: [passed], suites: [{ specs: [failed] }] }],
    errors: [{ message: 'the server did not start' }],
  };
  assert.deepEqual(failedInBrowser(report), [
    'a.spec.ts › is seen: Error: not visible',
    'between tests: the server did not start',
  ]);
  assert.deepEqual(failedInBrowser({}), []);
});
