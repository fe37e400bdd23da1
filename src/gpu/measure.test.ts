import { describe, expect, it } from 'vitest';
import { measureBandwidth, measureFma } from './measure.ts';
import { openDevice } from './testing/open-device.ts';

describe('measureFma() and measureBandwidth()', () => {
  it('give rates that a computer can have, in a fraction of a second', async () => {
    const device = await openDevice();
    const begin = performance.now();
    const flops = await measureFma(device);
    const bytes = await measureBandwidth(device);
    const seconds = (performance.now() - begin) / 1000;
    console.info(
      `FMA ${(flops / 1e9).toFixed(1)} GFLOP/s, copy ${(bytes / 1e9).toFixed(1)} GB/s, measured in ${seconds.toFixed(2)} s`,
    );
    // From a phone's software adapter to a data centre's GPU.
    expect(flops).toBeGreaterThan(1e8);
    expect(flops).toBeLessThan(1e15);
    expect(bytes).toBeGreaterThan(1e7);
    expect(bytes).toBeLessThan(1e14);
  });
});
