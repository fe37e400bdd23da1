// GRAFT_FAULTS=all fails every call of a short run, one a run, which takes most of an hour; GRAFT_FAULTS=3/10 the third tenth of
// them, in a process of its own; without it, some hundred calls spread over all of them.

import { afterAll, expect, it } from 'vitest';
import { tellFigure } from '../testing/tell-figure.ts';
import { closeDevice, strikeAt, trainAnew } from './testing/enduring-run.ts';

afterAll(closeDevice);

const PLACES = 100;

it('a short run whose GPU fails at any of its calls ends with the same bits', async () => {
  const expected = await trainAnew();
  const { length } = expected.calls;
  const [part, parts] = (process.env.GRAFT_FAULTS ?? '').split('/').map(Number);
  const every = process.env.GRAFT_FAULTS === 'all' ? 1 : (parts ?? Math.floor(length / PLACES));
  const first = parts === undefined ? 0 : part! - 1;
  const places = Array.from({ length: Math.floor((length - first + every - 1) / every) }, (_, i) => first + i * every);
  const noticed = await strikeAt(places, expected);
  expect(noticed).toBeGreaterThan(places.length / 2);
  tellFigure(
    'faults',
    `${places.length} faults injected at ${length} calls of a short run, ${noticed} noticed, 0 bits of the adapter different`,
  );
}, 7_200_000);
