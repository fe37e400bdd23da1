// A disk that is full where the command writes: the log, a checkpoint, the adapter. The kernel itself refuses (/dev/full); what
// cannot be written is said, what was trained is kept.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, KillableRuns } from './testing/killable-runs.ts';

const FULL = '/dev/full';
const STEPS = 24;

let runs: KillableRuns;
beforeAll(() => {
  runs = new KillableRuns(STEPS);
}, 120_000);
afterAll(() => runs.remove());

describe.skipIf(!existsSync(FULL))('graft train on a full disk', () => {
  it('goes on without the log and a checkpoint, puts the adapter elsewhere, and can be resumed when there is room', async () => {
    expect(await ended(runs.start('whole'))).toMatchObject({ code: 0 });
    const out = runs.out('full');
    const kept = path.join(out, '.graft-checkpoint');
    mkdirSync(kept, { recursive: true });
    symlinkSync(FULL, path.join(kept, '1.part'));
    const child = runs.start('full', ['--log', FULL]);
    const done = ended(child);
    symlinkSync(FULL, path.join(out, `.adapter_model.safetensors.${child.pid}.part`));
    const { code, said } = await done;

    expect(code, said).toBe(1);
    expect(said).toContain(
      `Cannot write "${FULL}": ENOSPC: no space left on device, write; the run goes on without it`,
    );
    expect(said.split('the run goes on without it'), 'said once').toHaveLength(2);
    expect(said).toContain('Cannot keep step 4: ENOSPC: no space left on device, write; the run goes on');
    const [, elsewhere = ''] =
      /Cannot write "[^"]*full": ENOSPC: no space left on device, write; the adapter is in "([^"]+)"/.exec(said) ?? [];
    const weights = readFileSync(path.join(elsewhere, 'adapter_model.safetensors'));
    rmSync(elsewhere, { recursive: true });
    expect(weights.equals(runs.adapter('whole')), 'the adapter, to the byte').toBe(true);
    expect(readdirSync(out), 'nothing half-written').toEqual(['.graft-checkpoint']);
    expect(readdirSync(kept).filter((name) => !name.endsWith('.checkpoint'))).toEqual([]);

    const resumed = await ended(runs.start('full', ['--resume']));
    expect(resumed.code, resumed.said).toBe(0);
    expect(runs.adapter('full').equals(runs.adapter('whole')), 'the adapter, to the byte').toBe(true);
  }, 180_000);

  it('says so at once when the log cannot be begun', async () => {
    const { code, said } = await ended(runs.start('typo', ['--log', runs.out('nowhere/run.jsonl')]));
    expect(code).toBe(1);
    expect(said).toMatch(/Cannot write "[^"]*nowhere\/run\.jsonl": ENOENT/);
  }, 180_000);
});
