import { afterAll, describe, expect, it } from 'vitest';
import { calibrate, describeVariants, fastestOf } from './calibrate.ts';
import { Device } from './device.ts';
import { chooseProduct, PRODUCT_VARIANTS, productCandidates, shapeClass } from './kernels/product-variants.ts';
import { openGpu } from './testing/open-device.ts';
import { BASE_TRAITS, type Traits } from './traits.ts';
import { type TuningStore, tune } from './tuning.ts';

const SHAPE = { side: 'rows', results: 1536, summed: 576, tokens: 512 } as const;
const DEVICES: readonly Traits[] = [
  BASE_TRAITS,
  { ...BASE_TRAITS, hasF16: true, maxInvocations: 1024, maxWorkgroupBytes: 32768 },
  { ...BASE_TRAITS, kind: 'cpu', hasSubgroups: true, subgroupSize: 8 },
  { ...BASE_TRAITS, kind: 'cpu', hasSubgroups: true, subgroupSize: 4 },
  { ...BASE_TRAITS, kind: 'cpu' },
  {
    ...BASE_TRAITS,
    ...{ hasF16: true, hasSubgroups: true, subgroupSize: 32, subgroupMaxSize: 32, maxWorkgroupBytes: 32768 },
    matrices: [
      { component: 'f16', M: 16, N: 16, K: 16 },
      { component: 'f32', M: 8, N: 8, K: 8 },
    ],
  },
];

const opened = Device.open(openGpu());
afterAll(async () => (await opened).destroy());

/** The test device with traits of another: all but f16 and subgroups work on any. */
const pretend = (device: Device, traits: Partial<Traits>) =>
  Object.assign(Object.create(device) as Device, { traits: { ...device.traits, ...traits } });

function memoryStore(): TuningStore & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    load: async (key) => texts.get(key),
    save: async (key, text) => void texts.set(key, text),
  };
}

describe('chooseProduct()', () => {
  it('finds a variant for every shape on every device, and none that rounds', () => {
    for (const traits of DEVICES)
      for (const side of ['rows', 'columns'] as const)
        for (const results of [1, 8, 17, 4096])
          for (const tokens of [4, 8, 16, 2048]) {
            const shape = { side, results, summed: 64, tokens };
            const chosen = chooseProduct(traits, shape);
            expect(chosen.canRun(traits, shape)).toBe(true);
            expect(chosen.isRounding).toBeUndefined();
          }
  });

  it('takes what was measured, unless it can not run here', () => {
    const measured = { [shapeClass(SHAPE)]: 'tiles-32x32' };
    expect(chooseProduct({ ...BASE_TRAITS, products: { measured } }, SHAPE).name).toBe('tiles-32x32');
    expect(
      chooseProduct({ ...BASE_TRAITS, products: { measured: { [shapeClass(SHAPE)]: 'vector' } } }, SHAPE).name,
    ).toBe(chooseProduct(BASE_TRAITS, SHAPE).name);
  });

  it('takes what is asked for before anything else, the first that can run', () => {
    const products = { asked: ['tiles-64x64-f16', 'registers'], measured: { [shapeClass(SHAPE)]: 'tiles-32x32' } };
    expect(chooseProduct({ ...BASE_TRAITS, products }, SHAPE).name).toBe('registers');
    expect(chooseProduct({ ...BASE_TRAITS, hasF16: true, products }, SHAPE).name).toBe('tiles-64x64-f16');
  });

  it('measures matrices of f32, and takes those of f16 when they are asked for', () => {
    const traits = DEVICES.at(-1)!;
    const names = productCandidates(traits, SHAPE).map((v) => v.name);
    expect(names).toContain('matrices-64x64');
    expect(names).not.toContain('matrices-64x64-f16');
    const products = { asked: ['matrices-64x64-f16'] };
    const { name, shader } = chooseProduct({ ...traits, products }, SHAPE);
    expect(name).toBe('matrices-64x64-f16');
    expect(shader(traits, SHAPE).constants).toEqual({ M: 16, N: 16, K: 16, STEP: 32, LANES: 128 });
    expect(chooseProduct({ ...traits, products, matrices: [] }, SHAPE).name).toBe('tiles-64x64');
  });
});

describe('calibrate()', () => {
  it('names a candidate for classes that have a choice, and leaves the others to facts', async () => {
    const device = await opened;
    const measured = await calibrate(device, 20_000);
    for (const { shapes, variant, of } of describeVariants({ ...device.traits, products: { measured } }))
      expect(measured[shapes]).toBe(of > 1 ? variant : undefined);
  });

  it('has a choice of several variants on a GPU', () => {
    for (const { of } of describeVariants(BASE_TRAITS)) expect(of).toBeGreaterThan(1);
  });

  it('stops when its time is over', async () => {
    expect(await calibrate(pretend(await opened, { kind: 'gpu' }), 0)).toEqual({});
  });

  it('races the variants of a GPU, and names one of them', async () => {
    const gpu = pretend(await opened, { kind: 'gpu' });
    const shape = { side: 'rows', results: 256, summed: 256, tokens: 128 } as const;
    const measured = await calibrate(gpu, 60_000, [shape]);
    expect(productCandidates(gpu.traits, shape).map((v) => v.name)).toContain(measured[shapeClass(shape)]);
  });
});

describe('fastestOf()', () => {
  /** Takes these milliseconds, one turn after the other. */
  const taking = (name: string, ...ms: number[]) => ({ name, sample: async () => ms.shift()! });
  const never = () => false;

  it('goes by the least time of each, so that one slow turn does not count', async () => {
    const racers = [taking('a', 10, 10, 10), taking('b', 90, 5, 90), taking('c', 8, 8, 8)];
    expect(await fastestOf(racers, never)).toBe('b');
  });

  it('keeps the first unless another is clearly faster', async () => {
    expect(await fastestOf([taking('a', 10, 10, 10), taking('b', 9.8, 9.8, 9.8)], never)).toBe('a');
    expect(await fastestOf([taking('a', 10, 10, 10), taking('b', 9.2, 9.2, 9.2)], never)).toBe('b');
  });

  it('has no answer when the time is over before all turns were taken', async () => {
    let turns = 0;
    expect(await fastestOf([taking('a', 1, 1, 1), taking('b', 2, 2, 2)], () => ++turns > 5)).toBeUndefined();
  });
});

describe('tune()', () => {
  it('measures once, and finds the record the next time', async () => {
    const device = await opened;
    const store = memoryStore();
    const first = pretend(device, {});
    await tune(first, store);
    expect(store.texts.size).toBe(1);
    const [[key, text]] = [...store.texts] as [[string, string]];
    const kept = { ...JSON.parse(text), measured: { 'rows, large': 'subgroups', mark: 'kept' } };
    store.texts.set(key, JSON.stringify(kept));
    const second = pretend(device, {});
    await tune(second, store);
    expect(second.traits.products).toEqual({ measured: kept.measured });
  });

  it('measures anew when the record is of another version, broken, or not wanted', async () => {
    const device = await opened;
    const store = memoryStore();
    await tune(pretend(device, {}), store);
    const [[key, text]] = [...store.texts] as [[string, string]];
    const marked = { ...JSON.parse(text), measured: { mark: 'kept' } };
    for (const broken of [
      JSON.stringify({ ...marked, version: 0 }),
      '{',
      '[]',
      JSON.stringify({ ...marked, variants: 'x' }),
    ]) {
      store.texts.set(key, broken);
      const again = pretend(device, {});
      await tune(again, store);
      expect(again.traits.products?.measured).not.toHaveProperty('mark');
    }
    // A newer Graft finds its own again.
    const newer = JSON.stringify({ ...marked, version: 99 });
    store.texts.set(key, newer);
    await tune(pretend(device, {}), store);
    expect(store.texts.get(key)).toBe(newer);
    store.texts.set(key, JSON.stringify(marked));
    const wanted = pretend(device, {});
    await tune(wanted, store, { again: true });
    expect(wanted.traits.products?.measured).not.toHaveProperty('mark');
  });

  it('takes what is asked for without measuring, and refuses a name that no variant has', async () => {
    const device = pretend(await opened, {});
    const store = memoryStore();
    await tune(device, store, { asked: ['registers'] });
    expect(device.traits.products).toEqual({ asked: ['registers'] });
    expect(store.texts.size).toBe(0);
    await expect(tune(device, store, { asked: ['turbo'] })).rejects.toThrow(
      /Cannot use the variant "turbo": need some of .*registers/,
    );
    expect(PRODUCT_VARIANTS.map((v) => v.name)).not.toContain('turbo');
  });
});
