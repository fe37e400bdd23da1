// Killed fifty times at random moments, or as often as GRAFT_KILLS says; and with the kinds of adapter that are not in resume.test.ts, a few times each.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { tellFigure } from '../testing/tell-figure.ts';
import { ended, KillableRuns } from './testing/killable-runs.ts';
import { flagsOf, SINGLE_KINDS } from './testing/resumable-kinds.ts';

const KILLS = Number(process.env.GRAFT_KILLS ?? 50);
const SEED = 8;
/** More than the kills get through, each up to ten steps further, and on by those that are made until it comes. */
const stepsFor = (kills: number) => 100 + 20 * kills;
const STEPS = stepsFor(KILLS);

let runs: KillableRuns;
beforeAll(() => {
  runs = new KillableRuns(STEPS);
});
afterAll(() => runs.remove());

it(`a run that is killed ${KILLS} times ends with the log and the adapter of one that nobody killed`, async () => {
  expect(await ended(runs.start('whole'))).toMatchObject({ code: 0 });
  const { code, said } = await runs.killAndResume('killed', KILLS, SEED);
  expect(code, said).toBe(0);
  expect(said, 'the last kill came before the end').toMatch(/going on after step \d+ of/);
  expect(runs.steps('killed')).toEqual(runs.steps('whole'));
  expect(runs.adapter('killed').equals(runs.adapter('whole')), 'the adapter, to the byte').toBe(true);
  // The control: another seed gives another adapter, so equality says something.
  expect(await ended(runs.start('other', ['--seed', '4']))).toMatchObject({ code: 0 });
  expect(runs.adapter('other').equals(runs.adapter('whole'))).toBe(false);
  tellFigure(
    'resume',
    `${KILLS} of ${KILLS} kills (kill -9, seed ${SEED}) survived over ${STEPS} steps, 0 bytes of the adapter different`,
  );
});

it.each(SINGLE_KINDS)('a run that is killed five times is as if it had not been: $name', async (kind) => {
  const few = new KillableRuns(stepsFor(5));
  try {
    const flags = flagsOf(kind, few.out(''));
    expect(await ended(few.start('whole', flags))).toMatchObject({ code: 0 });
    const { code, said } = await few.killAndResume('killed', 5, SEED, flags);
    expect(code, said).toBe(0);
    expect(few.steps('killed')).toEqual(few.steps('whole'));
    expect(few.adapter('killed').equals(few.adapter('whole')), 'the adapter, to the byte').toBe(true);
    expect(await ended(few.start('other', [...flags, '--seed', '4']))).toMatchObject({ code: 0 });
    expect(few.adapter('other').equals(few.adapter('whole')), 'the control').toBe(false);
  } finally {
    few.remove();
  }
});
