// Some hundred faults spread over all calls of a short run. GRAFT_FAULTS=3/16 injects one at every call of the third of sixteen parts;
// all parts, each in a process of its own: `node tools/sweep-faults.mjs`.

import { afterAll, expect, it } from 'vitest';
import { tellFigure } from '../testing/tell-figure.ts';
import { closeDevice, ROWS, SETTINGS, strikeAt, trainAgain, trainAnew } from './testing/enduring-run.ts';

afterAll(closeDevice);

const PLACES = 100;
/** One from the start, one from a kept state. */
const TWO_STEPS = { rows: ROWS.slice(0, 4), settings: { ...SETTINGS, epochs: 1 } };

it('a short run whose GPU fails at any of its calls ends with the same bits', async () => {
  const anew = await trainAnew(undefined, TWO_STEPS);
  const again = await trainAgain(undefined, TWO_STEPS);
  expect(again.bits).toEqual(anew.bits);
  // What an open device spares, opening the base and compiling, is struck in runs that begin with it; all other calls in runs that
  // do not, which takes half the time.
  const firstPass = anew.calls.findIndex(({ name }) => name === 'encoder.beginComputePass');
  const opening = [...anew.calls.keys()].filter((i) => i < firstPass || /Shader|Pipeline/.test(anew.calls[i]!.name));
  const calls = opening.length + again.calls.length;
  const [part, parts] = (process.env.GRAFT_FAULTS ?? '').split('/').map(Number);
  const every = parts ?? Math.floor(calls / PLACES);
  const isChosen = (i: number) => i % every === (parts ? part! - 1 : 0);
  const atOpening = opening.filter((_, i) => isChosen(i));
  const atTraining = [...again.calls.keys()].filter((i) => isChosen(opening.length + i));
  const noticed =
    (await strikeAt(atOpening, anew, (armed) => trainAnew(armed, TWO_STEPS))) +
    (await strikeAt(atTraining, again, (armed) => trainAgain(armed, TWO_STEPS)));
  const struck = atOpening.length + atTraining.length;
  expect(noticed).toBeGreaterThan(struck / 2);
  tellFigure(
    'faults',
    `${struck} faults injected at ${calls} calls of a short run, ${noticed} noticed, 0 bits of the adapter different`,
  );
}, 7_200_000);
