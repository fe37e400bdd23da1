// The engine's door for Node: Dawn as the GPU, folders as storage. What the command line, benchmarks and tests call.

import { mkdtemp } from 'node:fs/promises';
import { homedir, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { batchColumns, makeBatch } from '../data/make-batch.ts';
import type { TokenRow } from '../data/types.ts';
import { describeVariants } from '../gpu/calibrate.ts';
import { openDawn } from '../gpu/dawn.node.ts';
import { Device, MATRICES } from '../gpu/device.ts';
import { measureBandwidth, measureFma } from '../gpu/measure.ts';
import { type TuneOptions, tune } from '../gpu/tuning.ts';
import type { Adapter } from '../lora/adapter.ts';
import { readAdapter } from '../lora/files/read-adapter.ts';
import { FlatAdapter } from '../lora/flat-adapter.ts';
import type { BaseModel } from '../model/base-model.ts';
import type { QuantChoice } from '../model/prepare-weights.ts';
import { writeSafetensors } from '../model/safetensors.ts';
import { stopAt } from '../model/stop-at.ts';
import { openModelFiles, openTuningFolder, writeFolder } from '../storage/node.ts';
import { openPreparedFolder } from '../storage/prepared-folder.node.ts';
import { clearReplaced, hasAdapter } from '../storage/replace-adapter.node.ts';
import { writeRecipe } from '../train/apply-recipe.ts';
import { Generator } from '../train/generate.ts';
import type { TrainSettings } from '../train/recipe.ts';
import { sizeClass } from '../train/run-shape.ts';
import type { SamplingSettings } from '../train/sample.ts';
import { Scorer } from '../train/score.ts';
import { promptLength, withPrompt } from '../train/soft-prompt.ts';
import { encodeRequest } from './encode-request.ts';
import { type LoadedRows, noTokenizer } from './load-rows.node.ts';
import { findModel, hubAccess } from './model-at.node.ts';
import { openBase } from './open-base.ts';
import { adapterFiles } from './receipt/adapter-files.ts';
import type { Trained } from './train-adapter.ts';

export { measureFma } from '../gpu/measure.ts';
export type { Adapter } from '../lora/adapter.ts';
export { PROMPT_INITS } from '../lora/methods/prompt-tuning.ts';
export { quantOf } from '../model/choose-quant.ts';
export type { QuantChoice } from '../model/prepare-weights.ts';
export { unreadable } from '../storage/unreadable.node.ts';
export {
  type BottleneckChoice,
  type Ia3Choice,
  METHODS,
  type Method,
  type PromptChoice,
  withoutMethod,
} from '../train/adapter-settings.ts';
export type { Recipe, RecipeAdapter } from '../train/apply-recipe.ts';
export { checkSettings } from '../train/check-settings.ts';
export type { Checkpoint } from '../train/checkpoint.ts';
export {
  BAD_NUMBERS,
  CHECKPOINTING,
  CHECKPOINTING_CHOICES,
  DEFAULT_SETTINGS,
  levelOf,
  type TrainSettings,
} from '../train/recipe.ts';
export { readRecipe } from '../train/recipe-file.ts';
export { CHECKPOINT_EVERY } from '../train/run-journal.ts';
export { splitRows } from '../train/split-rows.ts';
export { pastEvents, type TrainEvent } from '../train/train-events.ts';
export { settleForRows } from './autopilot/settle-checkpointing.ts';
export { benchCase, parseCase } from './bench.ts';
export { median } from './bench-laps.ts';
export { benchLevels, type LevelResult } from './bench-levels.ts';
export { checkDataFiles, type LoadedRows, loadRows } from './load-rows.node.ts';
export { planRunAt, type RunPlan } from './plan.node.ts';
export type { BenchOptions, BenchResult } from './protocol/bench.ts';
export { openRunFolder, type RunFolder, rowsStartIn } from './run-folder.node.ts';
export { dropoutOf, withStart } from './run-start.ts';
export { isSameDevice, type KeepOptions, newShape, type Trained } from './train-adapter.ts';
export { type EnduringMember, trainThroughFaults, trainTogetherThroughFaults } from './train-through-faults.ts';

/** Throws a sentence that says what to install when there is no GPU that Dawn accepts. */
export async function openNodeDevice(): Promise<Device> {
  return Device.open(openDawn()).catch((error: Error) => {
    const hint =
      process.platform === 'linux'
        ? 'a Vulkan driver (a GPU driver, or Mesa lavapipe 25 or newer for a software one)'
        : 'a GPU driver';
    throw new Error(`${error.message}; install ${hint}`);
  });
}

export interface OpenModelOptions {
  /** For gated models of the Hub; else HF_TOKEN. */
  readonly token?: string | undefined;
  /** Of a model of the Hub. */
  onDownload?(doneBytes: number, totalBytes: number): void;
}

/**
 * Opens a Hugging Face folder, one .gguf file or a model of the Hub. Models of `KEEP_BYTES` and more are kept prepared in the
 * user's cache directory.
 */
export async function openModelAt(
  device: Device,
  at: string,
  quant: QuantChoice | 'auto',
  options: OpenModelOptions = {},
): Promise<BaseModel> {
  const { name, licence, files, download } = await findModel(at, hubAccess(options.token));
  const bytes = files.reduce((n, f) => n + f.size, 0);
  const store = bytes >= KEEP_BYTES ? openPreparedFolder(cacheFolder('prepared')) : undefined;
  await tuneNodeDevice(device);
  return openBase(device, files, quant, {
    ...(name !== undefined && { name }),
    licence,
    store,
    memoryBytes: totalmem(),
    ...(download && { onProgress: () => options.onDownload?.(download.doneBytes(), download.totalBytes) }),
  });
}

/** Smaller models prepare in the time that looking them up would take. */
const KEEP_BYTES = 64 << 20;

function cacheFolder(name: 'prepared' | 'tuning'): string {
  return path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'graft', name);
}

/**
 * Chooses the kernels' variants for this device: those of GRAFT_VARIANTS (names, with commas between), else what was measured
 * here before, else what is measured now.
 */
export async function tuneNodeDevice(device: Device, options: TuneOptions = {}): Promise<void> {
  const named = process.env.GRAFT_VARIANTS;
  const asked = named ? named.split(',').map((name) => name.trim()) : undefined;
  await tune(device, openTuningFolder(cacheFolder('tuning')), { ...(asked && { asked }), ...options });
}

/** An adapter for this base: a PEFT folder, a .gguf file for llama.cpp or a folder of mlx-lm. */
export async function readAdapterAt(model: BaseModel, at: string): Promise<Adapter> {
  return (await readAdapter(await openModelFiles(at), model.config)).adapter;
}

/**
 * Writes adapter_config.json, adapter_model.safetensors, README.md, graft_receipt.json and graft_recipe.json, all or nothing.
 * If the folder cannot be written (a full disk, say), the adapter goes to a temporary folder, and the error says where.
 */
export async function savePeftFolder(
  out: string,
  model: BaseModel,
  settings: TrainSettings,
  data: LoadedRows,
  { adapter, outcome, probe }: Trained,
): Promise<void> {
  const name = path.basename(path.resolve(out));
  const run = { settings, dataset: data.dataset, outcome };
  const files = await adapterFiles(model, { adapter, name, made: { made: 'trained' }, run, probe });
  const all = [...files, recipeFile(name, model, settings, data)];
  const isReplaced = await hasAdapter(out);
  await writeFolder(out, all).catch(async (error: Error) => {
    const elsewhere = await mkdtemp(path.join(tmpdir(), `graft-${name}-`)).catch(() => undefined);
    if (elsewhere === undefined) throw error;
    await writeFolder(elsewhere, all).catch(() => {
      throw error;
    });
    throw new Error(`${error.message}; the adapter is in "${elsewhere}"`, { cause: error });
  });
  if (isReplaced) await clearReplaced(out, all);
}

/** What `graft train --config` makes the same adapter from, over the same base and rows. */
function recipeFile(name: string, model: BaseModel, settings: TrainSettings, { dataset, rows }: LoadedRows) {
  const { linears, embeddings } = model.quant;
  const quant = linears === embeddings ? linears : `${linears}/${embeddings}`;
  const base = { kind: 'files', id: model.folder.name, quant } as const;
  const data = { name: dataset.name, rows: rows.length, hash: dataset.hash };
  const recipe = { recipe: 1, name: name.slice(0, 120), settings, base, data } as const;
  return { name: 'graft_recipe.json', bytes: new TextEncoder().encode(writeRecipe(recipe)) };
}

export interface ScoredRows {
  /** Mean over all supervised tokens. */
  readonly loss: number;
  readonly tokens: number;
  /** [rows, longest row, V], zero beyond a row's end. */
  readonly logits: { readonly shape: readonly [number, number, number]; readonly data: Float32Array } | undefined;
}

/** Logits beyond this many bytes are refused: the file would not fit in memory. */
const MAX_LOGIT_BYTES = 1 << 30;

/** Rows are scored one by one: the logits of a row are those of that row alone. */
export async function scoreRows(
  model: BaseModel,
  adapter: Adapter | undefined,
  rows: readonly TokenRow[],
  wantsLogits: boolean,
): Promise<ScoredRows> {
  const { vocab } = model.config;
  const longest = rows.reduce((n, r) => Math.max(n, r.ids.length), 1);
  const shape = [rows.length, longest, vocab] as const;
  if (wantsLogits && 4 * rows.length * longest * vocab > MAX_LOGIT_BYTES)
    throw new RangeError(
      `Cannot write logits of ${rows.length} rows × ${longest} tokens × ${vocab}: need at most ${MAX_LOGIT_BYTES} bytes`,
    );
  const flat = adapter && (await FlatAdapter.load(model.device, adapter));
  const before = promptLength(flat);
  const columns = sizeClass(batchColumns([before + longest]));
  const scorer = await Scorer.create(model, flat, columns, before + longest, wantsLogits);
  const data = wantsLogits ? new Float32Array(rows.length * longest * vocab) : undefined;
  let sum = 0;
  let tokens = 0;
  for (const [row, { ids }] of rows.entries()) {
    const { losses, logits } = await scorer.score(makeBatch(withPrompt([rows[row]!], flat), [0], columns));
    for (const loss of losses) sum += loss;
    tokens += losses.length;
    if (data && logits)
      for (let t = 0; t < ids.length; t++)
        for (let v = 0; v < vocab; v++) data[(row * longest + t) * vocab + v] = logits[v * columns + before + t]!;
  }
  scorer.destroy();
  flat?.destroy();
  return { loss: sum / tokens, tokens, logits: data && { shape, data } };
}

export async function writeLogits(file: string, { shape, data }: NonNullable<ScoredRows['logits']>): Promise<void> {
  const bytes = writeSafetensors([{ name: 'logits', dtype: 'F32', shape, bytes: new Uint8Array(data.buffer) }]);
  await writeFolder(path.dirname(path.resolve(file)), [{ name: path.basename(file), bytes }]);
}

export interface TextOptions extends SamplingSettings {
  readonly maxTokens: number;
  readonly strength: number;
  /** The answer ends before the first of these in its text. */
  readonly stopTexts: readonly string[];
  readonly ignoreEos: boolean;
  onText?(text: string): void;
}
export type Prompt =
  | { readonly kind: 'ids'; readonly ids: readonly number[] }
  | { readonly kind: 'text' | 'chat'; readonly text: string };

export async function generateText(
  model: BaseModel,
  adapter: Adapter | undefined,
  prompt: Prompt,
  options: TextOptions,
): Promise<{ readonly text: string; readonly ids: readonly number[]; readonly tokensPerSecond: number }> {
  const tokenizer = await model.folder.loadTokenizer?.();
  if (tokenizer === undefined && prompt.kind !== 'ids') noTokenizer(model.folder.name).encode('', { special: true });
  const ids = prompt.kind === 'ids' ? prompt.ids : encodeRequest(tokenizer!, prompt.text, prompt.kind === 'chat');
  const tooLarge = ids.find((id) => id >= model.config.vocab);
  if (tooLarge !== undefined)
    throw new RangeError(`Cannot generate: found token id ${tooLarge}, need ids below ${model.config.vocab}`);
  const flat = adapter && (await FlatAdapter.load(model.device, adapter));
  const generator = await Generator.create(
    model,
    [{ adapter: flat, strength: options.strength }],
    ids.length + options.maxTokens,
  );
  const stopIds = options.ignoreEos ? [] : (tokenizer?.endOfTurn ?? model.config.eos);
  const stream = tokenizer && stopAt(tokenizer.decodeStream(), options.stopTexts);
  const made: number[] = [];
  let text = '';
  const emit = (part: string) => {
    text += part;
    if (part !== '') options.onText?.(part);
  };
  const isOver = () => stream?.isStopped ?? false;
  // Counted from the first token on: what comes before it is the prompt.
  let began = 0;
  for await (const { id } of generator.run(ids, { ...options, stopIds, isOver })) {
    if (made.length === 0) began = performance.now();
    if (id === undefined) continue;
    made.push(id);
    emit(stream?.push(id) ?? '');
  }
  emit(stream?.end() ?? '');
  const seconds = (performance.now() - began) / 1000;
  generator.destroy();
  flat?.destroy();
  return { text, ids: made, tokensPerSecond: made.length > 1 ? (made.length - 1) / seconds : 0 };
}

/** `again`: measures the kernels' variants anew. */
export async function diagnose(again = false) {
  const device = await openNodeDevice();
  await tuneNodeDevice(device, { again });
  const { traits, name, isSoftware, gpu: opened } = device;
  const report = {
    name,
    isSoftware,
    flops: await measureFma(device),
    bytesPerSecond: await measureBandwidth(device),
    limits: {
      maxBufferBytes: traits.maxBufferBytes,
      maxBindingBytes: traits.maxBindingBytes,
      maxWorkgroupBytes: traits.maxWorkgroupBytes,
    },
    features: [...opened.features].sort(),
    offersMatrices: opened.features.has(MATRICES),
    matrices: device.traits.matrices,
    variants: describeVariants(device.traits),
  };
  device.destroy();
  return report;
}

/** Opens a model in this process, which should be a fresh one: its peak is that of the process. */
export async function diagnoseOpening(at: string, quant: QuantChoice | 'auto', token?: string) {
  const device = await openNodeDevice();
  const began = performance.now();
  const model = await openModelAt(device, at, quant, { token });
  await device.guard(device.gpu.queue.onSubmittedWorkDone());
  const ms = performance.now() - began;
  const { weights, folder } = model;
  // Kilobytes. A software adapter's memory is the process's own.
  const peak = process.resourceUsage().maxRSS * 1024;
  const report = {
    name: folder.name,
    ms,
    fromCache: weights.isFromStore,
    weightBytes: weights.bytes,
    quant: model.quant,
    hostBytes: device.isSoftware ? peak - weights.bytes : peak,
    isSoftware: device.isSoftware,
    warnings: weights.notKept === undefined ? folder.warnings : [...folder.warnings, weights.notKept],
  };
  model.destroy();
  device.destroy();
  return report;
}
