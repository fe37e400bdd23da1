// The built command, killed at random moments and resumed: its log and its adapter are those of a run that nobody killed. (Killed
// fifty times: resume.long.test.ts.)

import { readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, KillableRuns, until } from './testing/killable-runs.ts';
import { flagsOf, RESUMABLE_KINDS } from './testing/resumable-kinds.ts';

const KILLS = 5;
/** Far more than the kills come after: a step takes some 4 ms, and a busy machine may keep this process waiting for many of them. */
const STEPS = 200;
const SHORT_STEPS = 120;

let runs: KillableRuns;
beforeAll(() => {
  runs = new KillableRuns(STEPS);
}, 120_000);
afterAll(() => runs.remove());

describe('graft train --resume', () => {
  it('after five kills has the log and the adapter of a run that nobody killed', async () => {
    expect(await ended(runs.start('whole'))).toMatchObject({ code: 0 });
    const whole = runs.steps('whole');
    expect(whole.length).toBe(STEPS);
    expect(readdirSync(runs.out('whole')), 'nothing of the run is left').not.toContain('.graft-checkpoint');

    const { code, said } = await runs.killAndResume('killed', KILLS, 20261124);
    expect(code, said).toBe(0);
    expect(said).toMatch(/going on after step \d+ of 200, on the same device: bit for bit/);
    expect(runs.steps('killed')).toEqual(whole);
    expect(runs.adapter('killed').equals(runs.adapter('whole')), 'the adapter, to the byte').toBe(true);
    expect(readdirSync(runs.out('killed'))).not.toContain('.graft-checkpoint');
  }, 180_000);

  it('goes on with ranks that were found on the rows, without finding them again', async () => {
    const eva = ['--init', 'eva', '--rank', '4'];
    const { code, said } = await ended(runs.start('eva', eva));
    expect(code, said).toBe(0);
    expect(said).toMatch(/EVA: 8 of 8 inputs settled after \d+ batches; ranks \d+ to \d+ at \d+ modules/);
    const resumed = await runs.killAndResume('eva-killed', 1, 5, eva);
    expect(resumed.code, resumed.said).toBe(0);
    expect(resumed.said).not.toContain('EVA');
    expect(runs.steps('eva-killed')).toEqual(runs.steps('eva'));
    expect(runs.adapter('eva-killed').equals(runs.adapter('eva')), 'the adapter, to the byte').toBe(true);
  }, 180_000);

  it('keeps adapter and checkpoint on SIGTERM, takes the older record when the newest is torn, and refuses another run, and one beside it', async () => {
    const child = runs.start('stopped');
    const done = ended(child);
    await until(() => runs.steps('stopped').length >= 9, child);
    child.kill('SIGTERM');
    const { code, said } = await done;
    expect(code, said).toBe(0);
    expect(said).toMatch(/stopped after \d+ steps.*--resume goes on/);
    expect(readdirSync(runs.out('stopped'))).toContain('adapter_model.safetensors');

    const kept = path.join(runs.out('stopped'), '.graft-checkpoint');
    const newest = path.join(kept, readdirSync(kept).sort().at(-1)!);
    truncateSync(newest, statSync(newest).size - 1);

    const claim = path.join(kept, 'process');
    writeFileSync(claim, JSON.stringify({ pid: process.pid, host: hostname() }));
    const second = await ended(runs.start('stopped', ['--resume']));
    expect(second.code).toBe(1);
    expect(second.said).toContain(`found process ${process.pid} training there`);
    rmSync(claim);

    const other = await ended(runs.start('stopped', ['--resume', '--rank', '4']));
    expect(other.code).toBe(1);
    expect(other.said).toContain('Cannot go on with the interrupted run: found rank 4, need 8');

    const resumed = await ended(runs.start('stopped', ['--resume']));
    expect(resumed.code, resumed.said).toBe(0);
    expect(resumed.said).toMatch(/Cannot read checkpoint: found \d+ bytes, need \d+; going on from the one before it/);
    expect(runs.steps('stopped')).toEqual(runs.steps('whole'));

    const again = await ended(runs.start('stopped', ['--resume']));
    expect(again.code).toBe(1);
    expect(again.said).toContain('Cannot go on: found no interrupted run in');
  }, 180_000);
});

describe('graft train --resume, whatever the adapter is', () => {
  let short: KillableRuns;
  beforeAll(() => {
    short = new KillableRuns(SHORT_STEPS);
  }, 120_000);
  afterAll(() => short.remove());

  it.each(RESUMABLE_KINDS)(
    'goes on to the bit: $name',
    async (kind) => {
      const flags = flagsOf(kind, short.out(''));
      const whole = `${kind.name}, whole`;
      const run = ended(short.start(whole, flags));
      const { code, said } = await short.killAndResume(kind.name, 1, 6, flags);
      expect(code, said).toBe(0);
      expect(said).toMatch(/going on after step \d+ of 120, on the same device: bit for bit/);
      expect(await run).toMatchObject({ code: 0 });
      expect(short.steps(kind.name)).toEqual(short.steps(whole));
      expect(short.adapter(kind.name).equals(short.adapter(whole)), 'the adapter, to the byte').toBe(true);
    },
    180_000,
  );
});
