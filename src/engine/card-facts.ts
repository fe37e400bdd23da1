// What an adapter's model card says of the run that made it.

import type { Dataset } from '../data/load-dataset.ts';
import type { Prompting } from '../data/prompting.ts';
import type { TokenRow } from '../data/types.ts';
import type { CardFacts } from '../lora/files/model-card.ts';
import type { BaseModel } from '../model/base-model.ts';
import type { TrainSettings } from '../train/recipe.ts';
import type { RunOutcome } from '../train/run-training.ts';

export interface RunFacts {
  readonly settings: TrainSettings;
  readonly dataset: Pick<Dataset, 'name' | 'hash'> & {
    readonly rows: readonly TokenRow[];
    readonly prompting?: Prompting | undefined;
  };
  readonly outcome: RunOutcome;
}

export function cardFacts(model: BaseModel, name: string, run?: RunFacts): CardFacts {
  const base = { name, licence: model.folder.licence };
  if (run === undefined) return base;
  const { settings, dataset, outcome } = run;
  return {
    ...base,
    datasetName: dataset.name,
    steps: outcome.steps,
    finalLoss: outcome.finalLoss,
    validationLoss: outcome.validationAfter,
    baseValidationLoss: outcome.validationBefore,
    recipe: {
      'learning rate': [
        settings.learningRate,
        ...outcome.rateChanges.map(({ step, learningRate }) => `${learningRate} from step ${step + 1}`),
      ].join(', '),
      schedule: `${settings.schedule}, ${settings.warmupSteps} warm-up steps`,
      'batch size': `${settings.batchSize} rows × ${settings.gradAccum}`,
      'longest row': `${settings.seqLen} tokens`,
      'weight decay': settings.weightDecay,
      'gradient clip': settings.clip,
      seed: settings.seed,
      'base storage':
        model.quant.linears === model.quant.embeddings
          ? model.quant.linears
          : `${model.quant.linears}, embeddings ${model.quant.embeddings}`,
      'base hash': model.weights.hash.slice(0, 16),
      rows: dataset.rows.length,
      'data hash': dataset.hash.slice(0, 16),
    },
  };
}
