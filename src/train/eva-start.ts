// Initialisation for init_lora_weights "eva": before the first step, the frozen base reads the run's own rows, and A becomes the
// directions in which each linear's inputs vary most (lora/eva/). It reads the training rows in the order of the first epoch, over
// and over, in batches with BATCH_SAMPLES tokens to look at.

import { orderRows } from '../data/order-rows.ts';
import type { TokenRow } from '../data/types.ts';
import type { Adapter } from '../lora/adapter.ts';
import { matrix } from '../lora/algebra/matrix.ts';
import { parseEvaConfig } from '../lora/eva/eva-config.ts';
import { EvaSearch } from '../lora/eva/eva-search.ts';
import type { LoraConfig } from '../lora/lora-config.ts';
import { placeAdapter } from '../lora/place-adapter.ts';
import { startAdapter } from '../lora/start-adapter.ts';
import type { BaseModel } from '../model/base-model.ts';
import { InputReader, type ProbedRow, packProbed, probeColumns, sharedInputs } from './read-inputs.ts';
import type { TrainSettings } from './recipe.ts';
import { splitRows } from './split-rows.ts';

/** Tokens of a batch, or a few more: many times the usual number of components, and quick to decompose. */
const BATCH_SAMPLES = 256;
/** Columns of one pass: more would delay the first progress and gain nothing. */
const PASS_COLUMNS = 512;
/** Bytes that one pass reads back; beyond that, the linears are split over several passes. */
const READ_BYTES = 256 << 20;
/** Components of nearly equal strength keep rotating into each other; after this many batches they are as good as any. */
const MOST_BATCHES = 400;

export interface EvaProgress {
  readonly batches: number;
  /** Inputs whose components have settled, out of `inputs`. */
  readonly settled: number;
  readonly inputs: number;
}

export interface EvaHooks {
  onProgress?(progress: EvaProgress): void;
  /** Gives `work` the device to itself; by default it always has. */
  during?<T>(work: () => Promise<T>): Promise<T>;
  /** When aborted, the search ends after the current batch, and the adapter starts with what was found. */
  readonly signal?: AbortSignal | undefined;
  /** READ_BYTES when absent. */
  readonly readBytes?: number;
}

export interface EvaStart {
  readonly adapter: Adapter;
  /** Where the search ended; not all inputs have settled if it ran out of batches. */
  readonly progress: EvaProgress;
}

/** Throws a RangeError when the rows have too few tokens, or a linear too few inputs, for the components that are asked for. */
export async function evaStart(
  model: BaseModel,
  config: LoraConfig,
  rows: readonly TokenRow[],
  settings: Pick<TrainSettings, 'seed' | 'shuffle' | 'validationSplit'>,
  hooks: EvaHooks = {},
): Promise<EvaStart> {
  const eva = parseEvaConfig(config.eva_config ?? {});
  const placed = [...placeAdapter(config, model.parts).modules].filter(([, { isEmbedding }]) => !isEmbedding);
  const shared = sharedInputs(
    model,
    placed.map(([path]) => path),
  );
  const search = new EvaSearch(
    placed.map(([path, { r }]) => ({ path, r, leader: shared.get(path)!.leader })),
    eva,
  );
  for (const [path, { features }] of shared)
    if (features < search.mostComponents)
      throw refuse(`${features} inputs at "${path}"`, `${search.mostComponents} or more (rank × rho)`);
  const batches = probedBatches(rows, settings, eva.use_label_mask, search.mostComponents);

  const { during = (work) => work(), readBytes = READ_BYTES } = hooks;
  const featuresOf = (leader: string) => shared.get(leader)!.features;
  const readers = await readersFor(model, search, { batches, featuresOf, readBytes });
  const progress = (): EvaProgress => ({
    batches: search.batches,
    settled: search.inputs - search.open.length,
    inputs: search.inputs,
  });
  try {
    while (search.open.length > 0 && search.batches < MOST_BATCHES && !(search.batches > 0 && hooks.signal?.aborted)) {
      const packs = packProbed(batches[search.batches % batches.length]!, readers[0]!.shape.columns);
      for (const reader of readers) {
        const open = search.open.filter((leader) => reader.shape.paths.includes(leader));
        if (open.length === 0) continue;
        const read: Map<string, Float32Array>[] = [];
        for (const pack of packs) read.push(await during(() => reader.read(pack, open)));
        for (const leader of open) {
          const parts = packs.map((pack, i) => ({ values: read[i]!.get(leader)!, used: countTokens(pack) }));
          search.add(leader, samplesOf(parts, reader.shape.samples));
        }
      }
      search.endBatch();
      hooks.onProgress?.(progress());
    }
  } finally {
    for (const reader of readers) reader.destroy();
  }
  return { adapter: await startAdapter(model, config, settings.seed, search.factors()), progress: progress() };
}

function refuse(found: string, need: string): RangeError {
  return new RangeError(`Cannot start an adapter with "eva": found ${found}, need ${need}`);
}

/** One round over the rows that train: batches of rows with the tokens to look at. `least` samples are needed of each. */
function probedBatches(
  rows: readonly TokenRow[],
  settings: Pick<TrainSettings, 'seed' | 'shuffle' | 'validationSplit'>,
  useLabelMask: boolean,
  least: number,
): ProbedRow[][] {
  const { train } = splitRows(rows, settings);
  const order = orderRows(train.length, { ...settings, epoch: 0 });
  const batches: ProbedRow[][] = [];
  for (const i of order) {
    const row = rows[train[i]!]!;
    const tokens = [...row.ids.keys()].filter((token) => !useLabelMask || row.mask[token] === 1);
    const last = batches.at(-1);
    if (last === undefined || countTokens(last) >= Math.max(BATCH_SAMPLES, 2 * least)) batches.push([]);
    batches.at(-1)!.push({ row, tokens });
  }
  // What is left at the end is no batch of its own when it is too little to be one.
  const [last, before] = [batches.at(-1), batches.at(-2)];
  if (last && before && countTokens(last) < 2 * least) batches.splice(-2, 2, [...before, ...last]);
  const found = batches[0] ? countTokens(batches[0]) : 0;
  // Of n samples about their mean, n - 1 directions are known.
  if (found <= least) throw refuse(`${found} tokens to look at`, `${least + 1} or more (rank × rho, and one)`);
  return batches;
}

function countTokens(rows: readonly ProbedRow[]): number {
  return rows.reduce((sum, { tokens }) => sum + tokens.length, 0);
}

/** Readers that share their memory, each of as many linears as `readBytes` hold of one batch. */
async function readersFor(
  model: BaseModel,
  search: EvaSearch,
  {
    batches,
    featuresOf,
    readBytes,
  }: {
    readonly batches: readonly ProbedRow[][];
    readonly featuresOf: (leader: string) => number;
    readonly readBytes: number;
  },
): Promise<InputReader[]> {
  const positions = Math.max(...batches.flat().map(({ row }) => row.ids.length));
  const columns = probeColumns(positions, PASS_COLUMNS);
  const packs = batches.flatMap((batch) => packProbed(batch, columns));
  const samples = Math.max(...packs.map(countTokens));
  const perBatch = Math.max(...batches.map(countTokens));
  const groups: string[][] = [[]];
  let bytes = 0;
  for (const leader of search.open) {
    const own = 4 * featuresOf(leader) * perBatch;
    if (bytes > 0 && bytes + own > readBytes) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)!.push(leader);
    bytes += own;
  }
  const readers: InputReader[] = [];
  for (const paths of groups)
    readers.push(await InputReader.create(model, { paths, columns, positions, samples }, readers[0]));
  return readers;
}

/** Parts (C, samples), of which the first `used` columns count → (n,C). */
function samplesOf(parts: readonly { readonly values: Float32Array; readonly used: number }[], samples: number) {
  const C = parts[0]!.values.length / samples;
  const x = matrix(
    parts.reduce((sum, { used }) => sum + used, 0),
    C,
  );
  let first = 0;
  for (const { values, used } of parts) {
    for (let c = 0; c < C; c++) for (let i = 0; i < used; i++) x.data[(first + i) * C + c] = values[c * samples + i]!;
    first += used;
  }
  return x;
}
