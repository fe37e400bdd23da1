// Loss and logits of given rows, with or without an adapter: no gradients, no cache.

import type { Batch } from '../data/types.ts';
import { Graph, type Value } from '../gpu/graph.ts';
import { lmHeadLoss, lossChunk } from '../gpu/kernels/lm-head-loss.ts';
import { planMemory } from '../gpu/plan.ts';
import { Program } from '../gpu/program.ts';
import { attachFrozen } from '../lora/attach-frozen.ts';
import type { FlatAdapter } from '../lora/flat-adapter.ts';
import type { BaseModel } from '../model/base-model.ts';
import { type BatchInputs, batchInputs, writeBatch } from './batch-inputs.ts';
import { promptLength } from './soft-prompt.ts';

export class Scorer {
  private constructor(
    private readonly program: Program,
    private readonly inputs: BatchInputs,
    private readonly losses: Value,
    /** (V,T), when asked for. */
    private readonly logits: Value | undefined,
    private readonly strength: Value | undefined,
    private readonly adapter: FlatAdapter | undefined,
  ) {}

  /** `columns` T and `positions` as in a training step; `wantsLogits` keeps the logits (V,T) of every column. */
  static async create(
    model: BaseModel,
    adapter: FlatAdapter | undefined,
    columns: number,
    positions: number,
    wantsLogits = false,
  ): Promise<Scorer> {
    await adapter?.measure(model);
    const g = new Graph(model.device.traits);
    const inputs = batchInputs(g, columns);
    const { packed, ...targets } = inputs;
    const { adapt, attached } = attachFrozen(g, adapter ? [adapter] : [], columns, model.parts.head);
    const { hidden, head } = model.build(g, packed, positions, adapt);
    const logits = wantsLogits ? g.keep(head(hidden)) : undefined;
    const { losses } = lmHeadLoss(g, {
      hidden,
      head,
      ...targets,
      lossScale: g.input('loss_scale', [1]),
      chunk: lossChunk(model.config.vocab, columns),
      backward: false,
    });
    const extra = new Map(attached.flatMap((a) => [...a.slots]));
    const program = await Program.compile(
      model.device,
      planMemory(g, model.device.traits),
      await model.bind(g, positions, extra),
    );
    return new Scorer(program, inputs, losses, logits, attached[0]?.strength, adapter);
  }

  /**
   * Loss of each supervised token, in the order of the batch's targets; logits (V,T) when they were asked for. The batch's rows
   * are those of `withPrompt` at this strength.
   */
  async score(
    batch: Batch,
    strength = 1,
  ): Promise<{ readonly losses: Float32Array; readonly logits: Float32Array | undefined }> {
    promptLength(this.adapter, strength);
    const { program } = this;
    writeBatch(program, this.inputs, batch);
    if (this.strength) program.write(this.strength, new Float32Array(batch.columns).fill(strength));
    await program.run({ counts: { supervised: batch.supervised } });
    const wanted = this.logits ? [this.losses, this.logits] : [this.losses];
    const [losses, logits] = await program.read(...wanted);
    return { losses: losses!.slice(0, batch.supervised), logits };
  }

  destroy(): void {
    this.program.destroy();
  }
}
