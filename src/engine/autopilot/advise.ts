// Autopilot: what a run with these settings will take in time and memory on this device, and settings that suit device, base
// and data. Measures the device once for each base, between the turns of whoever else uses it.

import { worstColumns } from '../../data/make-batch.ts';
import type { BaseModel } from '../../model/base-model.ts';
import { levelOf, type TrainSettings } from '../../train/recipe.ts';
import { sizeClass } from '../../train/run-shape.ts';
import { promptLength } from '../../train/soft-prompt.ts';
import { planStep } from '../../train/train-step.ts';
import type { DataService } from '../data-service.ts';
import type { Advice, MemoryPlan } from '../protocol.ts';
import type { Session } from '../session.ts';
import { newShape } from '../train-adapter.ts';
import { measureStep, type StepRate } from './measure-step.ts';
import { predictStepMs } from './predict-step.ts';
import { proposeSettings } from './propose-settings.ts';

export class Autopilot {
  private readonly rates = new WeakMap<BaseModel, StepRate>();

  constructor(
    private readonly session: Session,
    private readonly datasets: DataService,
    private readonly planRun: (settings: TrainSettings, budgetBytes: number) => Promise<MemoryPlan>,
  ) {}

  async advise(settings: TrainSettings, budgetBytes: number): Promise<Advice> {
    const model = this.session.needModel();
    const rate = await this.rateOf(model);
    const now = await this.predict(settings, rate, budgetBytes);
    const { rows } = await this.datasets.rowsFor(settings);
    const lengths = this.datasets.wholeLengths().sort((a, b) => a - b);
    const longest = lengths.at(-1) ?? 1;
    const proposal = proposeSettings(
      settings,
      { rows: rows.length, lengths, supervisedTokens: rows.reduce((n, { mask }) => n + count(mask), 0) },
      { budgetBytes, weightBytes: model.weights.bytes, contextTokens: model.config.contextTokens },
      (tried) => {
        // Rows as they will be cut; the last token of a row is only asked for.
        const shape = newShape(model, tried);
        const prompt = promptLength({ shape });
        const cut = lengths.map((tokens) => Math.max(1, Math.min(tokens, tried.seqLen) - 1) + prompt);
        const positions = Math.max(1, Math.min(longest, tried.seqLen)) + prompt;
        const plan = planStep(model, model.device.traits, shape, {
          columns: sizeClass(worstColumns(cut, tried.batchSize)),
          positions,
          dropout: tried.dropout,
          checkpointing: levelOf(tried),
        });
        const bytes = model.bytesFor(positions);
        return bytes.weights + bytes.tables + plan.total;
      },
    );
    return { now, proposal, rate };
  }

  private async predict(settings: TrainSettings, rate: StepRate, budgetBytes: number) {
    const model = this.session.needModel();
    const { rows } = await this.datasets.rowsFor(settings);
    const plan = await this.planRun(settings, budgetBytes);
    const { checkpointing } = plan;
    const stepMs = predictStepMs(model, rows, { ...settings, checkpointing }, rate);
    return { stepMs, totalMs: stepMs * plan.totalSteps, totalBytes: plan.totalBytes };
  }

  private async rateOf(model: BaseModel): Promise<StepRate> {
    const known = this.rates.get(model);
    if (known !== undefined) return known;
    const rate = await this.session.turns.during(() => measureStep(model));
    this.rates.set(model, rate);
    return rate;
  }
}

function count(mask: Uint8Array): number {
  let n = 0;
  for (const bit of mask) n += bit;
  return n;
}
