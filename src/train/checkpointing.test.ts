import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Checkpointing } from '../gpu/recompute.ts';
import { readPeftFolder } from '../lora/files/peft.ts';
import { FlatAdapter, readFlat } from '../lora/flat-adapter.ts';
import { BaseModel } from '../model/base-model.ts';
import type { WeightSpec } from '../model/prepare-weights.ts';
import { openModel, Q8 } from '../model/testing/open-model.ts';
import { type BaseJson, diskFolder, goldenBatch, goldenPath, readGoldenJson } from './testing/golden.ts';
import { buildStep, planStep, TrainStep } from './train-step.ts';

const folder = goldenPath('llama')!;
const opened = openModel(path.join(folder, 'model'), Q8);

async function gradients(checkpointing: Checkpointing) {
  const model = await opened;
  const { adapter } = await readPeftFolder(diskFolder(path.join(folder, 'lora_all_linear/adapter')), model.parts);
  const flat = await FlatAdapter.load(model.device, adapter);
  const batch = goldenBatch(readGoldenJson<BaseJson>(folder, 'base.json'));
  const shape = { columns: batch.columns, positions: 24, dropout: 0.1, checkpointing };
  const step = await TrainStep.create(model, flat, { ...shape, weightDecay: 0 });
  step.clearGradients();
  const { loss } = await step.forwardAndBackward([batch], { update: 1, seed: 7 });
  const result = { loss, flat: await readFlat(model.device, step.optimizer.grads), dispatches: step.dispatchCount };
  step.destroy();
  flat.destroy();
  return { ...result, adapter };
}

describe('checkpointing', () => {
  it('gives the same loss and gradients to the bit, dropout included', async () => {
    const plain = await gradients('none');
    for (const level of ['block', 'block-keep-attention'] as const) {
      const again = await gradients(level);
      expect(again.loss).toBe(plain.loss);
      expect(again.flat).toEqual(plain.flat);
      expect(again.dispatches).toBeGreaterThan(plain.dispatches);
    }
  });

  it('recomputes nothing that is small or that no gradient asks for', async () => {
    const model = await opened;
    const { adapter } = await gradients('none');
    const { graph } = buildStep(model, model.device.traits, adapter, {
      columns: 64,
      positions: 64,
      dropout: 0,
      checkpointing: 'block',
    });
    const again = graph.ops.filter(({ label }) => label.startsWith('again ')).map(({ label }) => label);
    expect(again.filter((label) => label.endsWith('up_proj'))).toHaveLength(model.config.layers - 1);
    expect(again.filter((label) => /lora_A|down_proj/.test(label))).toEqual([]);
  });

  it('allocates exactly what was planned', async () => {
    const model = await opened;
    const { adapter } = await readPeftFolder(diskFolder(path.join(folder, 'lora_all_linear/adapter')), model.parts);
    const flat = await FlatAdapter.load(model.device, adapter);
    for (const checkpointing of ['none', 'block'] as const)
      for (const columns of [16, 64]) {
        const shape = { columns, positions: 24, dropout: 0.1, checkpointing };
        const step = await TrainStep.create(model, flat, { ...shape, weightDecay: 0 });
        expect(step.allocatedBytes).toBe(planStep(model, model.device.traits, adapter, shape).total);
        step.destroy();
      }
    flat.destroy();
  });

  it('plans less memory, and recomputes less where attention is kept', async () => {
    const model = await opened;
    const { adapter } = await gradients('none');
    const deep = { ...model.config, layers: 12 };
    const build: typeof model.build = (g, inputs, positions, adapt) => {
      const layers = Object.create(model, { config: { value: deep } }) as BaseModel;
      const storageOf = (spec: WeightSpec) =>
        model.weights.storageOf({ ...spec, name: spec.name.replace(/layers\.\d+\./, 'layers.0.') });
      Object.defineProperty(layers, 'weights', { value: { storageOf } });
      return BaseModel.prototype.build.call(layers, g, inputs, positions, adapt);
    };
    const bytes = (checkpointing: Checkpointing) =>
      planStep({ build, config: deep, parts: model.parts }, model.device.traits, adapter, {
        columns: 512,
        positions: 512,
        dropout: 0,
        checkpointing,
      }).activations;
    const [none, block, attention] = [bytes('none'), bytes('block'), bytes('block-keep-attention')];
    expect(block).toBeLessThan(none / 2);
    expect(attention).toBeGreaterThan(block);
    expect(attention).toBeLessThan(none);
  });
});
