// Models of the Hub that people start with, smallest first. Facts from their config.json and cards; everything else about
// a model is read from the Hub when it is opened.

export interface CuratedModel {
  readonly id: string;
  /** `model_type` of its config.json. */
  readonly modelType: string;
  readonly parameters: number;
  /** Of its largest matrix, the embedding. */
  readonly vocabulary: number;
  readonly hidden: number;
  /** About, of the weight files. */
  readonly downloadBytes: number;
  readonly licence: string;
  /** Opens after its licence has been accepted on the Hub, with a token. */
  readonly isGated: boolean;
}

type Row = readonly [
  id: string,
  modelType: string,
  parameters: number,
  vocabulary: number,
  hidden: number,
  downloadMegabytes: number,
  licence: string,
  gated?: 'gated',
];

const ROWS: readonly Row[] = [
  ['HuggingFaceTB/SmolLM2-135M-Instruct', 'llama', 134_515_008, 49_152, 576, 269, 'apache-2.0'],
  ['EleutherAI/pythia-160m', 'gpt_neox', 162_322_944, 50_304, 768, 375, 'apache-2.0'],
  ['google/gemma-3-270m-it', 'gemma3_text', 268_098_176, 262_144, 640, 536, 'gemma', 'gated'],
  ['HuggingFaceTB/SmolLM2-360M-Instruct', 'llama', 361_821_120, 49_152, 960, 724, 'apache-2.0'],
  ['Qwen/Qwen2.5-0.5B-Instruct', 'qwen2', 494_032_768, 151_936, 896, 988, 'apache-2.0'],
  ['Qwen/Qwen3-0.6B', 'qwen3', 596_049_920, 151_936, 1024, 1503, 'apache-2.0'],
  ['TinyLlama/TinyLlama-1.1B-Chat-v1.0', 'llama', 1_100_048_384, 32_000, 2048, 2200, 'apache-2.0'],
  ['meta-llama/Llama-3.2-1B-Instruct', 'llama', 1_235_814_400, 128_256, 2048, 2472, 'llama3.2', 'gated'],
];

export const CURATED_MODELS: readonly CuratedModel[] = ROWS.map(
  ([id, modelType, parameters, vocabulary, hidden, megabytes, licence, gated]) => ({
    id,
    modelType,
    parameters,
    vocabulary,
    hidden,
    downloadBytes: megabytes * 1e6,
    licence,
    isGated: gated !== undefined,
  }),
);
