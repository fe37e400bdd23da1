import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { sumFigures, sweepFaults } from './sweep-faults.mjs';

const figure = (faults, calls, noticed) =>
  `${faults} faults injected at ${calls} calls of a short run, ${noticed} noticed, 0 bits of the adapter different`;

test('parts sum up when they are all there, and of the same run', () => {
  const all =
    '9 faults injected, one at each of the 9 calls of a short run, 7 noticed, 0 bits of the adapter different';
  assert.equal(sumFigures([figure(5, 9, 4), figure(4, 9, 3)]), all);
  assert.equal(sumFigures([figure(5, 9, 4), figure(3, 9, 3)]), undefined);
  assert.equal(sumFigures([figure(5, 9, 4), figure(4, 8, 3)]), undefined);
  assert.equal(sumFigures([figure(5, 9, 4), undefined]), undefined);
});

test('a sweep goes on where it was broken off, and begins anew when it is done', () => {
  const kept = mkdtempSync(path.join(os.tmpdir(), 'graft-sweep-'));
  const ran = [];
  const run = (fails) => (part, file) => {
    ran.push(part);
    writeFileSync(file, `${JSON.stringify({ promise: 'faults', figure: figure(1, 16, 1) })}\n`);
    return part !== fails;
  };
  assert.equal(sweepFaults(run('3/16'), kept), undefined);
  assert.match(sweepFaults(run(), kept), /^16 faults injected, one at each of the 16 calls .*, 16 noticed/);
  assert.equal(ran.filter((part) => part === '3/16').length, 2);
  assert.equal(ran.length, 17);
  sweepFaults(run(), kept);
  assert.equal(ran.length, 33);
});
