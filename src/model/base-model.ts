// An opened base: its weights on the device, its tokenizer, and a way to build the graph of its forward pass.

import type { Device } from '../gpu/device.ts';
import type { Graph } from '../gpu/graph.ts';
import type { Shared, Slot } from '../gpu/program.ts';
import { frozenWeight, type Weight } from '../gpu/weight.ts';
import type { ModelConfig } from './config.ts';
import { FAMILIES } from './families/by-model-type.ts';
import type { Family } from './families/family.ts';
import { GpuWeights, type LoadOptions } from './gpu-weights.ts';
import { type Adapt, ropeName } from './layers.ts';
import type { ModelFolder } from './model-folder.ts';
import type { ModelInputs } from './model-inputs.ts';
import { type ModelParts, modelParts } from './model-parts.ts';
import { buildPass, checkTokens, type PassModel, tableBytes, tablePositions } from './model-pass.ts';
import { placeWeight, type QuantChoice } from './prepare-weights.ts';
import { ropeTurns } from './rope.ts';

export class BaseModel implements PassModel {
  readonly config: ModelConfig;
  readonly family: Family;
  /** By their length. A few hundred kB each, there until the base goes: programs that were compiled with them may still run. */
  private readonly tables = new Map<number, Promise<Map<string, Slot>>>();
  private readonly tableBuffers: GPUBuffer[] = [];

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
    checkTokens(this.config, tokens);
  }

  build(g: Graph, inputs: ModelInputs, positions: number, adapt?: Adapt): ReturnType<PassModel['build']> {
    const { config, parts, weights: layout } = this;
    return buildPass(g, { config, parts, layout, inputs, positions, adapt });
  }

  /** On the device: the weights, and the tables that rows of so many tokens need; of several lengths, all of them. */
  bytesFor(...positions: readonly number[]): { readonly weights: number; readonly tables: number } {
    return { weights: this.weights.bytes, tables: tableBytes(this.config, ...positions) };
  }

  /** The weight of a linear, or of the head, on a graph. Throws a RangeError when there is none at `path`. */
  weightOf(g: Graph, path: string): Weight {
    const { head, tensors } = this.parts;
    const name = `${path === head.path ? head.matrix : path}.weight`;
    const spec = tensors.find((tensor) => tensor.name === name);
    if (spec === undefined || spec.shape.length !== 2)
      throw new RangeError(`Cannot find the weight of "${path}": need a linear of this model`);
    return frozenWeight(g, name, this.weights.storageOf(spec), spec.shape[0]!, spec.shape[1]!);
  }

  /** Memory of the graph's frozen values. `extra`: frozen values that are not the model's (adapters in use). */
  async bind(g: Graph, positions: number, extra: ReadonlyMap<string, Slot> = new Map()): Promise<Shared> {
    const tables = await this.ropeSlots(tablePositions(positions));
    return this.weights.bind(g, new Map([...tables, ...extra]));
  }

  destroy(): void {
    this.weights.destroy();
    for (const buffer of this.tableBuffers) buffer.destroy();
  }

  private ropeSlots(positions: number): Promise<Map<string, Slot>> {
    const known = this.tables.get(positions);
    if (known !== undefined) return known;
    const made = this.makeRopes(positions);
    this.tables.set(positions, made);
    made.catch(() => this.tables.delete(positions));
    return made;
  }

  private async makeRopes(positions: number): Promise<Map<string, Slot>> {
    const slots = new Map<string, Slot>();
    for (const [i, rope] of this.config.ropes.entries()) {
      const [name, data] = [ropeName(i), ropeTurns(rope, positions)];
      const buffer = await this.device.allocate(
        name,
        data.byteLength,
        GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
      );
      this.tableBuffers.push(buffer);
      this.device.gpu.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>);
      slots.set(name, { buffer, offset: 0, size: data.byteLength });
    }
    return slots;
  }
}
