// Heads of 80 to 256 on the variant for GPUs: its pipelines take a software driver a minute to compile where cores are shared.

import { it } from 'vitest';
import { checkAttention } from '../testing/attention-case.ts';
import { openDevice } from '../testing/open-device.ts';

it('attention() of the variant for GPUs matches its twin for large heads over packed documents', async () => {
  const traits = { ...(await openDevice()).traits, kind: 'gpu' } as const;
  for (const D of [80, 96, 128, 256])
    await checkAttention(traits, { heads: 2, kvHeads: 1, D, T: 68, scale: 1 / Math.sqrt(D) }, [30, 1, 35]);
  await checkAttention(traits, { heads: 2, kvHeads: 2, D: 96, T: 68, scale: 0.1, window: 20 }, [64]);
}, 900_000);
