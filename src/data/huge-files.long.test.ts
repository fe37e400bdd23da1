// The files that are too large to store: made by the script beside the hostile ones, read as the page reads them.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, openAsBlob, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { timeLimit } from '../testing/time-limit.ts';
import { DEFAULT_LOAD_OPTIONS, loadDataset } from './load-dataset.ts';
import { createFakeTokenizer } from './testing/fake-tokenizer.ts';
import { longestStretch, MAX_STRETCH_MS } from './testing/longest-stretch.ts';

const SCRIPT = path.join(import.meta.dirname, '../../../shared/datasets/hostile/make-huge.mjs');
const isMissing = !existsSync(SCRIPT);
const hugeTest = isMissing ? test.skip : test;
const reason = isMissing ? ' (SKIPPED: no make-huge.mjs beside the repository)' : '';

const folder = mkdtempSync(path.join(tmpdir(), 'graft-huge-'));
beforeAll(() => {
  if (!isMissing) execFileSync(process.execPath, [SCRIPT, folder]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function load(name: string) {
  const blob = await openAsBlob(path.join(folder, name));
  const file = { name, size: blob.size, stream: () => blob.stream() as ReadableStream<Uint8Array> };
  const tokenizer = createFakeTokenizer({ template: 'chatml' });
  const { result, ms, longestMs } = await longestStretch(() =>
    loadDataset([file], tokenizer, DEFAULT_LOAD_OPTIONS).then(
      (dataset) => ({ dataset, message: '' }),
      (error: Error) => ({ dataset: undefined, message: error.message }),
    ),
  );
  console.log(`${name}: ${Math.round(ms)} ms, longest stretch ${Math.round(longestMs)} ms`);
  expect(longestMs, `${name} holds the event loop`).toBeLessThan(timeLimit(MAX_STRETCH_MS));
  return result;
}

hugeTest(`a line of 20 MB is named and cut; the next one loads${reason}`, async () => {
  const { dataset } = await load('one-line-20mb.jsonl');
  expect(dataset!.rows.length).toBe(2);
  expect(dataset!.warnings.some(({ line, reason }) => line === 1 && reason.includes('is cut to'))).toBe(true);
});

hugeTest(`17 MB without a space or a line end become rows${reason}`, async () => {
  const { dataset } = await load('no-newline-17mb.txt');
  expect(dataset!.tokens).toBeGreaterThan(16_000_000);
});

hugeTest(`half a million rows load, and the repeats are counted${reason}`, async () => {
  const { dataset } = await load('half-million-rows.jsonl');
  expect(dataset!.rows.length).toBe(500_000);
  expect(dataset!.warnings.map(({ reason }) => reason)).toEqual(['499999 of 500000 rows repeat an earlier row']);
});

hugeTest(`50,000 columns are one sentence${reason}`, async () => {
  const { message } = await load('50000-columns.csv');
  expect(message).toBe('Cannot read "50000-columns.csv" at line 1: found 50000 columns, need at most 1000 columns');
});

hugeTest(`32 MB of zeros are no text${reason}`, async () => {
  const { message } = await load('zeros-32mb.txt');
  expect(message).toMatch(/^Cannot read "zeros-32mb.txt": found binary data, not text/);
});
