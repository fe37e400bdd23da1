// GRAFT_FAULTS=all fails every call of a short run, one a run; without it, some hundred calls spread over all of them.

import { afterAll, expect, it } from 'vitest';
import { tellFigure } from '../testing/tell-figure.ts';
import { closeDevice, strikeAt, trainAnew } from './testing/enduring-run.ts';

afterAll(closeDevice);

const PLACES = 100;

it('a short run whose GPU fails at any of its calls ends with the same bits', async () => {
  const expected = await trainAnew();
  const { length } = expected.calls;
  const every = process.env.GRAFT_FAULTS === 'all' ? 1 : Math.floor(length / PLACES);
  const places = Array.from({ length: Math.floor(length / every) }, (_, i) => i * every);
  const noticed = await strikeAt(places, expected);
  expect(noticed).toBeGreaterThan(places.length / 2);
  tellFigure(
    'faults',
    `${places.length} faults injected at ${length} calls of a short run, ${noticed} noticed, 0 bits of the adapter different`,
  );
}, 7_200_000);
