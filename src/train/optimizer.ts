// AdamW with global-norm clipping over an adapter's flat buffers: a small graph of its own, one pass a step.

import type { Device } from '../gpu/device.ts';
import { FLAT_ALIGN, Graph, type Value } from '../gpu/graph.ts';
import { clipAndAdamW, HYPER_LENGTH, packHyper } from '../gpu/kernels/clip-and-adamw.ts';
import { planMemory } from '../gpu/plan.ts';
import { Program } from '../gpu/program.ts';
import { type AdapterShape, allocateFlat, type FlatAdapter, flatLayout } from '../lora/flat-adapter.ts';

/** torch's defaults, which the Hugging Face Trainer uses as they are. */
export const ADAM = { beta1: 0.9, beta2: 0.999, eps: 1e-8 } as const;

export interface UpdateSettings {
  readonly lr: number;
  /** From 1: Adam's bias correction. */
  readonly update: number;
  /** Largest global norm; 0 = none. */
  readonly clip: number;
}
export interface UpdateResult {
  /** Global gradient norm before clipping. */
  readonly gradNorm: number;
  /** False: a gradient was NaN or infinite, and nothing was changed. */
  readonly finite: boolean;
}

export class Optimizer {
  private constructor(
    private readonly program: Program,
    private readonly hyper: Value,
    private readonly norm: Value,
    readonly grads: GPUBuffer,
    readonly moments: { readonly m: GPUBuffer; readonly v: GPUBuffer },
  ) {}

  static async create(device: Device, adapter: FlatAdapter, weightDecay: number): Promise<Optimizer> {
    const { length } = flatLayout(adapter.modules);
    const g = new Graph(device.traits);
    const flat = (name: string) => g.state(name, [length]);
    const values = { params: flat('params'), grads: flat('grads'), m: flat('adam.m'), v: flat('adam.v') };
    const hyper = g.input('hyper', [HYPER_LENGTH]);
    const groups = g.input('groups', [(2 * length) / FLAT_ALIGN]);
    const norm = g.output('norm', [2]);
    clipAndAdamW(g, { ...values, hyper, groups, norm });
    const grads = await allocateFlat(device, 'gradients', length);
    const moments = {
      m: await allocateFlat(device, 'adam.m', length),
      v: await allocateFlat(device, 'adam.v', length),
    };
    const buffers = new Map([
      [values.params, adapter.params],
      [values.grads, grads],
      [values.m, moments.m],
      [values.v, moments.v],
    ]);
    const shared = new Map([...buffers].map(([value, buffer]) => [value, { buffer, offset: 0, size: 4 * length }]));
    const program = await Program.compile(device, planMemory(g, device.traits), shared);
    program.write(groups, blockGroups(adapter.modules, weightDecay));
    return new Optimizer(program, hyper, norm, grads, moments);
  }

  /** Applies the gradients. */
  async update({ lr, update, clip }: UpdateSettings): Promise<UpdateResult> {
    this.program.write(this.hyper, packHyper({ ...ADAM, lr, step: update, clip }));
    await this.program.run();
    const [norm] = await this.program.read(this.norm);
    return { gradNorm: norm![0]!, finite: norm![1] === 0 };
  }

  get allocatedBytes(): number {
    return this.program.allocatedBytes + this.grads.size + this.moments.m.size + this.moments.v.size;
  }

  destroy(): void {
    this.program.destroy();
    for (const buffer of [this.grads, this.moments.m, this.moments.v]) buffer.destroy();
  }
}

/** Learning-rate multiplier and weight decay of every 64-element block; padding between tensors has no effect. */
function blockGroups(modules: AdapterShape, weightDecay: number): Float32Array {
  const { length } = flatLayout(modules);
  const groups = new Float32Array((2 * length) / FLAT_ALIGN);
  for (let block = 0; block < groups.length / 2; block++) {
    groups[2 * block] = 1;
    groups[2 * block + 1] = weightDecay;
  }
  return groups;
}
