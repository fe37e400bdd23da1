import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TokenRow } from '../data/types.ts';
import { Device } from '../gpu/device.ts';
import { openGpu } from '../gpu/testing/open-device.ts';
import { BASE_TRAITS, type Traits } from '../gpu/traits.ts';
import { BaseModel } from '../model/base-model.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { planModel } from '../model/planned-model.ts';
import { diskFolder } from '../model/testing/shared.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { DEFAULT_SETTINGS, type TrainSettings, totalSteps } from '../train/recipe.ts';
import { splitRows } from '../train/split-rows.ts';
import type { TrainEvent } from '../train/train-events.ts';
import { planStep } from '../train/train-step.ts';
import { planRunAt } from './plan.node.ts';
import { planMembers } from './run-plan.ts';
import { newShape, trainAdapter, trainTogether } from './train-adapter.ts';

const FIXTURES = path.resolve(import.meta.dirname, '../train/testing/fixtures');
const MODELS = readdirSync(FIXTURES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const LLAMA = path.join(FIXTURES, 'llama/model');
const Q8 = { linears: 'q8', embeddings: 'q8' } as const;

const settings: TrainSettings = { ...DEFAULT_SETTINGS, rank: 4, epochs: 1, validationSplit: 0.2, evalEvery: 2 };

/** A device that counts the bytes of its buffers, whoever makes them. `onFreed` is told when some are given back. */
async function countingDevice(onFreed = () => {}): Promise<{ device: Device; live(): number }> {
  const device = await Device.open(openGpu());
  let live = 0;
  const create = device.gpu.createBuffer.bind(device.gpu);
  device.gpu.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    live += descriptor.size;
    let size = descriptor.size;
    // A buffer may be destroyed twice.
    buffer.destroy = () => {
      live -= size;
      size = 0;
      destroy();
      onFreed();
    };
    return buffer;
  };
  return { device, live: () => live };
}

/** Rows of various lengths, the longest of them `most`: batches fall into several size classes. */
function rows(count: number, most: number): TokenRow[] {
  return Array.from({ length: count }, (_, i) => {
    const length = i % 4 < 2 ? most : 6 + ((i * 7) % (most - 6));
    const ids = Int32Array.from({ length }, (_, t) => 3 + ((i + t * t) % 29));
    return { file: 'test', line: i + 1, ids, mask: new Uint8Array(length).fill(1, 1) };
  });
}

describe('planRunAt()', () => {
  it.each(['none', 'block', 'block-keep-attention'] as const)(
    'gives to the byte what a run allocates, with checkpointing %s',
    async (checkpointing) => {
      const run = { ...settings, seqLen: 40, batchSize: 2, checkpointing };
      const plan = await planRunAt(LLAMA, Q8, run);
      expect(plan.total).toBe(plan.weights + plan.tables + plan.adapter + plan.activations + plan.other);
      expect(plan.totals[checkpointing]).toBe(plan.total);

      const { device, live } = await countingDevice();
      const model = await BaseModel.open(device, await openModelFolder(diskFolder(LLAMA)), Q8);
      expect(live()).toBe(plan.weights);
      const sizes = new Set<number>();
      const onEvent = () => void sizes.add(live());
      await trainAdapter(model, { rows: rows(20, 40), settings: run, hooks: { onEvent } });
      expect([...sizes]).toEqual([plan.total]);
      // What a run has made is given back; the base and its tables stay.
      expect(live()).toBe(plan.weights + plan.tables);
      model.destroy();
      expect(live()).toBe(0);
      device.destroy();
    },
  );

  it('says what a longer row would take', async () => {
    const short = await planRunAt(LLAMA, Q8, { ...settings, seqLen: 64 });
    const long = await planRunAt(LLAMA, Q8, { ...settings, seqLen: 128 });
    expect(long.activations).toBeGreaterThan(1.5 * short.activations);
    expect(long.weights).toBe(short.weights);
  });

  it('keeps as much as the memory allows where the settings leave it open', async () => {
    const run = { ...settings, seqLen: 128, checkpointing: 'auto' } as const;
    const roomy = await planRunAt(LLAMA, Q8, run);
    expect([roomy.checkpointing, roomy.total]).toEqual(['none', roomy.totals.none]);
    const short = await planRunAt(LLAMA, Q8, run, { budgetBytes: roomy.totals.none - 1 });
    expect(short.checkpointing).toBe('block-keep-attention');
    expect(short.total).toBe(roomy.totals['block-keep-attention']);
    expect((await planRunAt(LLAMA, Q8, run, { budgetBytes: 1 })).checkpointing).toBe('block');
  });

  it('refuses a folder that is no model', async () => {
    await expect(planRunAt(FIXTURES, Q8, settings)).rejects.toThrow(/config\.json/);
  });
});

describe('planMembers()', () => {
  /** The general text as some tokens of the small model. */
  const encode = (text: string) => Array.from(text.slice(0, 40), (char) => 3 + (char.charCodeAt(0) % 29));
  /** Ranks, lengths, kinds and work space that differ, and the measure of forgetting at one of them. */
  const MEMBERS = [
    { rows: rows(12, 40), settings: { ...settings, targets: ['q_proj'], batchSize: 2, seqLen: 40 } },
    { rows: rows(12, 20), settings: { ...settings, targets: ['v_proj'], rank: 9, checkpointing: 'block' as const } },
    {
      rows: rows(8, 30),
      settings: { ...settings, targets: ['o_proj'], forgettingEvery: 2, lora: { use_dora: true } },
    },
  ];

  it.each([
    ['one that watches what it forgets', MEMBERS.slice(2)],
    ['several at once', MEMBERS],
  ])('gives to the byte what %s allocates, and what is told of it', async (_, members) => {
    const told: number[] = [];
    // While all of them train: what is measured of a start is held for a moment beside, and what has ended is given back.
    const sizes: number[] = [];
    let isEnding = false;
    const look = () => {
      if (!isEnding && told.length === members.length) sizes.push(live());
    };
    const { device, live } = await countingDevice(look);
    const folder = await openModelFolder(diskFolder(LLAMA));
    const tokenizer = { encode, endOfTurn: [2] } as unknown as Tokenizer;
    const model = await BaseModel.open(device, { ...folder, loadTokenizer: async () => tokenizer }, Q8);
    const planned = members.map((member) => ({ ...member, shape: newShape(model, member.settings) }));
    const plan = await planMembers(model, planned);
    const parts = plan.weightBytes + plan.adapterBytes + plan.activationBytes + plan.otherBytes;
    expect(plan.totalBytes).toBe(parts);
    expect(plan.forgettingBytes).toBeGreaterThan(0);
    const watch = (member: (typeof members)[number]) => {
      let left = totalSteps(splitRows(member.rows, member.settings).train.length, member.settings);
      return (event: TrainEvent) => {
        if (event.type === 'step') left--;
        isEnding ||= left === 0;
        look();
      };
    };
    let last = 0;
    const onAllocated = (bytes: number) => {
      last = bytes;
      told.push(bytes);
    };
    await trainTogether(
      model,
      members.map((member) => ({ ...member, hooks: { onEvent: watch(member), onAllocated } })),
    );
    expect(Math.min(...sizes)).toBe(plan.totalBytes);
    expect(last).toBe(plan.totalBytes);
    model.destroy();
    expect(live()).toBe(0);
    device.destroy();
  });
});

describe('planStep()', () => {
  const devices: readonly Traits[] = [
    BASE_TRAITS,
    { ...BASE_TRAITS, hasF16: true, hasSubgroups: true, maxBufferBytes: 4e9, maxBindingBytes: 2e9 },
    { ...BASE_TRAITS, kind: 'cpu', hasSubgroups: true, subgroupSize: 8 },
    { ...BASE_TRAITS, kind: 'cpu', hasSubgroups: true, subgroupSize: 4 },
    { ...BASE_TRAITS, kind: 'cpu' },
  ];

  it.each(MODELS.map(({ name }) => name))('plans %s alike for every kind of device', async (name) => {
    const folder = await openModelFolder(diskFolder(path.join(FIXTURES, name, 'model')));
    const model = planModel(folder, Q8);
    const adapter = newShape(model, settings);
    const positions = Math.min(96, folder.config.maxTokens ?? 96);
    for (const checkpointing of ['none', 'block'] as const) {
      const shape = { columns: 192, positions, dropout: 0.1, checkpointing };
      const plans = devices.map((traits) => planStep(model, traits, adapter, shape));
      for (const plan of plans) expect(plan).toEqual(plans[0]);
    }
  });
});
