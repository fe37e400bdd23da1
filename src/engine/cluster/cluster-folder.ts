// The folder that carries an adapter on with the Hugging Face stack, on as many GPUs as there are: the adapter, its rows as
// tokens and labels, the recipe in the trainer's words, a short train.py, and a launch configuration for each way of sharing.

import { orderRows } from '../../data/order-rows.ts';
import type { TokenRow } from '../../data/types.ts';
import type { FileBytes } from '../../lora/files/peft.ts';
import { type StreamedFile, wholeFile } from '../../model/streamed-file.ts';
import type { Tokenizer } from '../../model/tokenizer.ts';
import type { TrainSettings } from '../../train/recipe.ts';
import { splitRows } from '../../train/split-rows.ts';
import { clusterReadme } from './cluster-readme.ts';
import ddp from './ddp.yaml?raw';
import fsdp from './fsdp.yaml?raw';
import oneGpu from './one-gpu.yaml?raw';
import requirements from './requirements.txt?raw';
import trainPy from './train.py?raw';
import zero2 from './zero2.yaml?raw';
import zero3 from './zero3.yaml?raw';

export interface ClusterInput {
  readonly name: string;
  /** The adapter as a PEFT folder. */
  readonly adapter: readonly FileBytes[];
  /** A model of the Hub, or "base" when its files lie in the folder too. */
  readonly model: string;
  /** For "base": the files of a Hugging Face folder. */
  readonly base?: readonly StreamedFile[];
  readonly rows: readonly TokenRow[];
  readonly settings: TrainSettings;
  readonly tokenizer: Pick<Tokenizer, 'decode'> | undefined;
}

/** Names carry folders: "rows/train.jsonl". */
export function clusterFolder(input: ClusterInput): StreamedFile[] {
  const { name, adapter, model, base = [], rows, settings, tokenizer } = input;
  const { train, validation } = splitRows(rows, settings);
  const order = orderRows(train.length, { shuffle: settings.shuffle, seed: settings.seed, epoch: 0 });
  const inFolder = (folder: string, files: readonly StreamedFile[]) =>
    files.map((file) => ({ ...file, name: `${folder}/${file.name}` }));
  const recipe = { name, model, trainer: trainerSettings(settings), graft: settings };
  return [
    wholeFile('README.md', clusterReadme(input, train.length, validation.length)),
    wholeFile('train.py', trainPy),
    wholeFile('requirements.txt', requirements),
    wholeFile('recipe.json', `${JSON.stringify(recipe, undefined, 2)}\n`),
    ...Object.entries({ 'one-gpu': oneGpu, ddp, fsdp, zero2, zero3 }).map(([file, text]) =>
      wholeFile(`accelerate/${file}.yaml`, text),
    ),
    // In the order of the first epoch: a sampler that goes through the file sees the batches that Graft would.
    rowsFile(
      'rows/train.jsonl',
      [...order].map((at) => rows[train[at]!]!),
      tokenizer,
    ),
    ...(validation.length > 0
      ? [
          rowsFile(
            'rows/validation.jsonl',
            validation.map((at) => rows[at]!),
            tokenizer,
          ),
        ]
      : []),
    ...inFolder(
      'adapter',
      adapter.map((file) => wholeFile(file.name, file.bytes)),
    ),
    ...inFolder('base', base),
  ];
}

/** Graft's settings in the words of transformers' TrainingArguments; what has no word there is in the adapter's own config. */
export function trainerSettings(settings: TrainSettings): Readonly<Record<string, string | number>> {
  const { schedule, steps, epochs } = settings;
  return {
    learning_rate: settings.learningRate,
    lr_scheduler_type: schedule === 'constant' ? 'constant_with_warmup' : schedule,
    warmup_steps: settings.warmupSteps,
    weight_decay: settings.weightDecay,
    max_grad_norm: settings.clip,
    per_device_train_batch_size: settings.batchSize,
    gradient_accumulation_steps: settings.gradAccum,
    ...(steps === undefined ? { num_train_epochs: epochs ?? 1 } : { max_steps: steps }),
    max_length: settings.seqLen,
    optim: 'adamw_torch',
    seed: settings.seed,
    train_sampling_strategy: 'sequential',
  };
}

function rowsFile(name: string, rows: readonly TokenRow[], tokenizer: ClusterInput['tokenizer']): StreamedFile {
  const lines = rows.map(({ ids, mask }) => {
    const labels = Array.from(ids, (id, i) => (mask[i] ? id : -100));
    const text = tokenizer?.decode(ids, { special: true });
    return `${JSON.stringify({ ...(text !== undefined && { text }), input_ids: Array.from(ids), labels })}\n`;
  });
  return wholeFile(name, lines.join(''));
}
