// Settings and rows → a trained adapter: makes (or takes) the starting A and B, trains them on the device, brings them back.

import type { TokenRow } from '../data/types.ts';
import type { Adapter } from '../lora/adapter.ts';
import { FlatAdapter } from '../lora/flat-adapter.ts';
import { initAdapter } from '../lora/init-adapter.ts';
import { DEFAULT_LORA } from '../lora/lora-config.ts';
import type { BaseModel } from '../model/base-model.ts';
import { checkSettings, type TrainSettings } from '../train/recipe.ts';
import { type RunHooks, type RunOutcome, runTraining } from '../train/run-training.ts';

export interface Trained {
  readonly adapter: Adapter;
  readonly outcome: RunOutcome;
}

/** A fresh adapter as the settings ask for: A random from the seed, B zero. Throws when no target matches. */
export function newAdapter(
  model: BaseModel,
  settings: Pick<TrainSettings, 'rank' | 'alpha' | 'dropout' | 'targets' | 'seed'>,
): Adapter {
  const config = {
    ...DEFAULT_LORA,
    task_type: 'CAUSAL_LM',
    r: settings.rank,
    lora_alpha: settings.alpha,
    lora_dropout: settings.dropout,
    target_modules: settings.targets,
    base_model_name_or_path: model.folder.name,
    fan_in_fan_out: model.family.fanInFanOut ?? false,
  };
  return initAdapter(config, model.linears(), settings.seed, model.folder.name, model.family.defaultTargets);
}

/** Trains. `start` is taken as it is, with its own rank, alpha and targets; without it a fresh adapter is made. */
export async function trainAdapter(
  model: BaseModel,
  rows: readonly TokenRow[],
  settings: TrainSettings,
  hooks: RunHooks,
  start?: Adapter,
): Promise<Trained> {
  checkSettings(settings);
  const adapter = start ?? newAdapter(model, settings);
  const flat = await FlatAdapter.create(model.device, adapter.modules, adapter.modules);
  try {
    const outcome = await runTraining(model, flat, rows, settings, hooks);
    const factors = await flat.read();
    const modules = new Map([...adapter.modules].map(([path, m]) => [path, { ...m, ...factors.get(path)! }]));
    return { adapter: { ...adapter, modules }, outcome };
  } finally {
    flat.destroy();
  }
}
