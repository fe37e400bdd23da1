// An opened base: its weights on the device, its tokenizer, and the graph of its forward pass for whoever asks.

import type { Device } from '../gpu/device.ts';
import type { Graph, Value } from '../gpu/graph.ts';
import type { Shared, Slot } from '../gpu/program.ts';
import type { ModelConfig } from './config.ts';
import { FAMILIES } from './families/by-model-type.ts';
import type { Family } from './families/family.ts';
import { GpuWeights, type LoadOptions } from './gpu-weights.ts';
import { type Adapt, Layers, ropeName } from './layers.ts';
import type { ModelFolder } from './model-folder.ts';
import type { ModelInputs } from './model-inputs.ts';
import { type ModelParts, modelParts } from './model-parts.ts';
import { placeWeight, type QuantChoice } from './prepare-weights.ts';
import { ropeTables } from './rope.ts';

/** Rope tables grow in steps of this many positions. */
const POSITION_STEP = 256;

export class BaseModel {
  readonly config: ModelConfig;
  readonly family: Family;
  private tables: { positions: number; slots: Map<string, Slot> } | undefined;

  private constructor(
    readonly device: Device,
    readonly folder: ModelFolder,
    readonly weights: GpuWeights,
    readonly quant: QuantChoice,
    readonly parts: ModelParts,
  ) {
    this.config = folder.config;
    this.family = FAMILIES.get(folder.config.family)!;
  }

  /** Streams the folder's weights to the device, or takes the prepared copy of an earlier opening. */
  static async open(
    device: Device,
    folder: ModelFolder,
    quant: QuantChoice,
    options: LoadOptions = {},
  ): Promise<BaseModel> {
    const parts = modelParts(folder.config);
    const places = parts.tensors.map((spec) => placeWeight(spec, quant));
    const weights = await GpuWeights.load(device, folder.tensors, places, options);
    return new BaseModel(device, folder, weights, quant, parts);
  }

  /** Every linear that an adapter can sit on: path → [out, in]. */
  linears(): ReadonlyMap<string, readonly [number, number]> {
    return this.parts.linears;
  }

  /** Throws a RangeError when the model has no positions for rows of so many tokens. */
  checkTokens(tokens: number): void {
    const { maxTokens, family } = this.config;
    if (maxTokens !== undefined && tokens > maxTokens)
      throw new RangeError(`Cannot use rows of ${tokens} tokens: this "${family}" has positions for ${maxTokens}`);
  }

  /**
   * Adds the forward pass to a graph: hidden states (C,T) after the final norm, and `head`, which adds the product of some of
   * their columns to logits. `positions`: longest row.
   */
  build(
    g: Graph,
    inputs: ModelInputs,
    positions: number,
    adapt?: Adapt,
  ): { readonly hidden: Value; readonly head: (x: Value) => Value } {
    this.checkTokens(positions);
    const layers = new Layers(g, this.config, inputs, this.weights, roundPositions(positions), adapt);
    const hidden = this.family.hidden(layers, this.config);
    const matrix = this.family.head(layers, this.config);
    return { hidden, head: (x) => layers.head(this.parts.head.path, x, matrix) };
  }

  /** Memory of the graph's frozen values. `extra`: frozen values that are not the model's (adapters in use). */
  async bind(g: Graph, positions: number, extra: ReadonlyMap<string, Slot> = new Map()): Promise<Shared> {
    const tables = await this.ropeSlots(roundPositions(positions));
    return this.weights.bind(g, new Map([...tables, ...extra]));
  }

  destroy(): void {
    this.weights.destroy();
    for (const slot of this.tables?.slots.values() ?? []) slot.buffer.destroy();
  }

  private async ropeSlots(positions: number): Promise<Map<string, Slot>> {
    if (this.tables?.positions === positions) return this.tables.slots;
    const tables = this.config.ropes.flatMap((rope, i) => {
      const { cos, sin } = ropeTables(rope, positions);
      return [[ropeName(i, 'cos'), cos] as const, [ropeName(i, 'sin'), sin] as const];
    });
    const slots = new Map<string, Slot>();
    for (const [name, data] of tables) {
      const buffer = await this.device.allocate(
        name,
        data.byteLength,
        GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
      );
      this.device.gpu.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
      slots.set(name, { buffer, offset: 0, size: data.byteLength });
    }
    // Earlier tables stay alive: programs that were compiled with them may still run. They are a few hundred kB.
    this.tables = { positions, slots };
    return slots;
  }
}

function roundPositions(positions: number): number {
  return Math.ceil(positions / POSITION_STEP) * POSITION_STEP;
}
