// What opening costs, measured in processes of their own: memory must not grow with the file, and a kept copy is fast.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sharedPath } from '../model/testing/shared.ts';
import { judgesTimes } from '../testing/time-limit.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** Of the process, node and driver included, whatever the size of the model. */
const HOST_BYTES = 400_000_000;
const CACHED_MS = 1500;
/** Five are a file of 700 MB, far more than the host may take; 22 are 1.1 billion parameters, 2.2 GB: GRAFT_LARGE_LAYERS=22. */
const LAYERS = process.env.GRAFT_LARGE_LAYERS ?? '5';

const folder = mkdtempSync(path.join(tmpdir(), 'graft-large-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Report {
  readonly ms: number;
  readonly fromCache: boolean;
  readonly weightBytes: number;
  readonly hostBytes: number;
  readonly warnings: readonly string[];
}

function doctor(model: string, quant: string): Report {
  const args = [path.join(ROOT, 'bin/graft.mjs'), 'doctor', '--model', model, '--quant', quant, '--json'];
  const env = { ...process.env, XDG_CACHE_HOME: folder };
  const out = execFileSync(process.execPath, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const report = JSON.parse(out) as Report;
  console.info(
    `${path.basename(model)} as ${quant}: ${Math.round(report.ms)} ms${report.fromCache ? ' from the kept copy' : ''}, ${Math.round(report.hostBytes / 1e6)} MB of host memory at most, ${Math.round(report.weightBytes / 1e6)} MB of weights`,
  );
  return report;
}

describe('opening a generated checkpoint of two gigabytes, or a part of it', () => {
  it('takes less than 400 MB of host memory, from its files and from the kept copy, in 8 bits and in 4', () => {
    const large = path.join(folder, 'large');
    execFileSync(process.execPath, [path.join(ROOT, 'tools/make-large-model.mjs'), large, LAYERS]);
    for (const quant of ['q8', 'nf4-dq'])
      for (const fromCache of [false, true]) {
        const report = doctor(large, quant);
        expect(report).toMatchObject({ fromCache, warnings: [] });
        expect(report.hostBytes).toBeLessThan(HOST_BYTES);
        // The whole file is read in pieces: far less than it, and less than its weights.
        expect(report.weightBytes).toBeGreaterThan(200_000_000);
      }
    rmSync(large, { recursive: true });
  });
});

const smol = sharedPath('models/SmolLM2-135M-Instruct.Q4_1.gguf');
if (!existsSync(smol)) console.warn('SKIPPED "opening SmolLM2-135M again": ../shared/models is not there');
describe.skipIf(!existsSync(smol))('opening SmolLM2-135M again', () => {
  it('takes less than 1.5 s of what was kept, where times are judged', () => {
    const first = doctor(smol, 'q8');
    expect(first.fromCache).toBe(false);
    // The best of three: other programs on the machine are not what is measured.
    const again = [1, 2, 3].map(() => doctor(smol, 'q8'));
    expect(again.every(({ fromCache }) => fromCache)).toBe(true);
    if (judgesTimes) expect(Math.min(...again.map(({ ms }) => ms))).toBeLessThan(CACHED_MS);
  });
});
