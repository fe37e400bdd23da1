// AdamW with global-norm clipping over an adapter's flat buffers: a small graph of its own, one pass a step.

import type { Device } from '../gpu/device.ts';
import { FLAT_ALIGN, Graph, type Value } from '../gpu/graph.ts';
import { clipAndAdamW, HYPER_LENGTH, packHyper } from '../gpu/kernels/clip-and-adamw.ts';
import { planMemory } from '../gpu/plan.ts';
import { Program } from '../gpu/program.ts';
import type { Traits } from '../gpu/traits.ts';
import type { AdapterShape, RateGroup } from '../lora/adapter-tensors.ts';
import { allocateFlat, type FlatAdapter, flatLayout, readFlat, writeFlat } from '../lora/flat-adapter.ts';

/** torch's defaults, which the Hugging Face Trainer uses as they are. */
const ADAM = { beta1: 0.9, beta2: 0.999, eps: 1e-8 } as const;

export interface UpdateSettings {
  readonly lr: number;
  /** From 1: Adam's bias correction. */
  readonly update: number;
  /** Largest global norm; 0 = none. */
  readonly clip: number;
}
/** How the optimiser treats an adapter's tensors differently. */
export interface OptimizerGroups {
  readonly weightDecay: number;
  /** LoRA+: learning-rate multipliers by group, as in PEFT's create_loraplus_optimizer; biases do not decay. */
  readonly loraPlus?: Readonly<Record<RateGroup, number>> | undefined;
}
export interface UpdateResult {
  /** Global gradient norm before clipping. */
  readonly gradNorm: number;
  /** False: a gradient was NaN or infinite, and nothing was changed. */
  readonly finite: boolean;
}

/** The update as a graph over four flat buffers, its only state: parameters, gradients and both moments. */
export function buildOptimizer(traits: Traits, shape: AdapterShape) {
  const { length } = flatLayout(shape);
  const graph = new Graph(traits);
  const flat = (name: string) => graph.state(name, [Math.max(FLAT_ALIGN, length)]);
  const values = { params: flat('params'), grads: flat('gradients'), m: flat('adam.m'), v: flat('adam.v') };
  const hyper = graph.input('hyper', [HYPER_LENGTH]);
  const groups = graph.input('groups', [(2 * length) / FLAT_ALIGN]);
  const norm = graph.output('norm', [2]);
  clipAndAdamW(graph, { ...values, hyper, groups, norm });
  return { graph, ...values, hyper, groups, norm };
}

export class Optimizer {
  private constructor(
    private readonly program: Program,
    private readonly hyper: Value,
    private readonly norm: Value,
    readonly grads: GPUBuffer,
    readonly moments: { readonly m: GPUBuffer; readonly v: GPUBuffer },
  ) {}

  static async create(device: Device, adapter: FlatAdapter, choice: OptimizerGroups): Promise<Optimizer> {
    const { length } = flatLayout(adapter.shape);
    const { graph, params, grads, m, v, hyper, groups, norm } = buildOptimizer(device.traits, adapter.shape);
    const buffers = new Map([[params, adapter.params]]);
    for (const value of [grads, m, v]) buffers.set(value, await allocateFlat(device, value.name, length));
    const shared = new Map([...buffers].map(([value, buffer]) => [value, { buffer, offset: 0, size: 4 * length }]));
    const program = await Program.compile(device, planMemory(graph, device.traits), shared);
    program.write(groups, blockGroups(adapter.shape, choice));
    return new Optimizer(program, hyper, norm, buffers.get(grads)!, { m: buffers.get(m)!, v: buffers.get(v)! });
  }

  /** Applies the gradients. */
  async update({ lr, update, clip }: UpdateSettings): Promise<UpdateResult> {
    this.program.write(this.hyper, packHyper({ ...ADAM, lr, step: update, clip }));
    await this.program.run();
    const [norm] = await this.program.read(this.norm);
    return { gradNorm: norm![0]!, finite: norm![1] === 0 };
  }

  /** Brings both moments back to the host. */
  async readMoments(): Promise<{ readonly m: Float32Array; readonly v: Float32Array }> {
    const { device } = this.program;
    return { m: await readFlat(device, this.moments.m), v: await readFlat(device, this.moments.v) };
  }

  writeMoments({ m, v }: { readonly m: Float32Array; readonly v: Float32Array }): void {
    const { device } = this.program;
    writeFlat(device, this.moments.m, m);
    writeFlat(device, this.moments.v, v);
  }

  get allocatedBytes(): number {
    return this.program.allocatedBytes + this.grads.size + this.moments.m.size + this.moments.v.size;
  }

  destroy(): void {
    this.program.destroy();
    for (const buffer of [this.grads, this.moments.m, this.moments.v]) buffer.destroy();
  }
}

/** Learning-rate multiplier and weight decay for every 64-element block; no two tensors share a block. */
function blockGroups(shape: AdapterShape, { weightDecay, loraPlus }: OptimizerGroups): Float32Array {
  const { entries, length } = flatLayout(shape);
  const groups = new Float32Array((2 * length) / FLAT_ALIGN);
  for (const [i, { offset, group, isBias }] of entries.entries()) {
    const end = entries[i + 1]?.offset ?? length;
    for (let block = offset / FLAT_ALIGN; block < end / FLAT_ALIGN; block++) {
      groups[2 * block] = loraPlus?.[group] ?? 1;
      groups[2 * block + 1] = loraPlus && isBias ? 0 : weightDecay;
    }
  }
  return groups;
}
