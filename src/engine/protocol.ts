// What the page and the worker say to each other: plain data, structured-cloneable, no GPU objects.
// `EngineApi` is served by worker.ts through comlink and used by the page through client.ts; node.ts serves the same
// interface to the command line. All sizes are bytes, all times milliseconds unless a name says otherwise.

import type { TrainSettings } from '../train/recipe.ts';

export { DEFAULT_SETTINGS, SUGGESTED_RATES, suggestedRate, type TrainSettings } from '../train/recipe.ts';

export type QuantScheme = 'q8' | 'int8-row' | 'f32';

export interface DeviceReport {
  /** `ok`, or why nothing can be trained here. */
  readonly status: 'ok' | 'no-webgpu' | 'no-adapter';
  /** For people: "Apple M3 Pro", "SwiftShader (software)". */
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  /** True for SwiftShader, lavapipe, WARP: correct, but far slower than any GPU. */
  readonly isSoftware: boolean;
  readonly features: readonly string[];
  readonly limits: {
    readonly maxBufferBytes: number;
    readonly maxBindingBytes: number;
    readonly maxWorkgroupBytes: number;
  };
}

/** Where a base model comes from: the bundled model served beside the page, files of one folder, or a model of the Hub. */
export type ModelSource =
  | { readonly kind: 'bundled'; readonly id: string; readonly url: string }
  | { readonly kind: 'files'; readonly name: string; readonly files: readonly File[] }
  | {
      readonly kind: 'hub';
      /** "org/name", "org/name/file.gguf" or the address of its page. */
      readonly id: string;
      readonly revision?: string;
      /** https://huggingface.co when absent; the page's policy allows no other. */
      readonly endpoint?: string;
      /** Sent to the endpoint alone; never stored. */
      readonly token?: string;
    };

/** A model of the Hub that the page offers. */
export interface HubChoice {
  readonly id: string;
  readonly parameters: number;
  /** Rows and columns of its largest matrix. */
  readonly vocabulary: number;
  readonly hidden: number;
  /** About. */
  readonly downloadBytes: number;
  readonly licence: string;
  readonly isGated: boolean;
  /** False: this version does not know its family. */
  readonly isOpenable: boolean;
}

export interface ModelReport {
  readonly id: string;
  readonly name: string;
  readonly family: string;
  readonly parameters: number;
  readonly layers: number;
  readonly hidden: number;
  readonly vocabulary: number;
  readonly contextTokens: number;
  readonly quant: QuantScheme;
  readonly weightBytes: number;
  readonly licence: string | undefined;
  readonly hasChatTemplate: boolean;
  /** Every linear that an adapter can sit on, by its last name ("q_proj"), in the order of the forward pass. */
  readonly linearNames: readonly string[];
  /** SHA-256 over names, shapes and bytes of the prepared weights; binds an adapter to its base. */
  readonly hash: string;
  readonly warnings: readonly string[];
}

export type DatasetShape = 'text' | 'prompt-completion' | 'instruction' | 'messages' | 'sharegpt' | 'tokenized';
export interface DatasetMapping {
  readonly shape: DatasetShape;
  readonly columns: {
    readonly text?: string;
    readonly prompt?: string;
    readonly input?: string;
    readonly completion?: string;
    readonly system?: string;
    readonly messages?: string;
    readonly ids?: string;
    readonly labels?: string;
  };
}

export interface DatasetNotice {
  readonly file: string;
  /** From 1; 0 = the whole file. */
  readonly line: number;
  readonly reason: string;
}

export interface DatasetOptions {
  /** Undefined: detect. */
  readonly mapping?: DatasetMapping;
  /** Longest row in tokens. */
  readonly maxTokens: number;
  /** What happens to longer rows: cut at the end, split into several rows (text only), or leave out. */
  readonly longRows: 'truncate' | 'split' | 'drop';
  /** False: prompts are trained on as well. */
  readonly completionOnly: boolean;
  /** False: prompt and completion are joined as plain text even if the base has a chat template. */
  readonly useChatTemplate?: boolean;
}

export interface DatasetReport {
  readonly name: string;
  readonly format: string;
  readonly mapping: DatasetMapping;
  /** All columns seen, for the mapping editor. */
  readonly columns: readonly string[];
  readonly rows: number;
  readonly tokens: number;
  readonly supervisedTokens: number;
  readonly longestRow: number;
  readonly skipped: readonly DatasetNotice[];
  readonly warnings: readonly DatasetNotice[];
  readonly hash: string;
  /** Set when no mapping was found: nothing can be trained on until one is chosen from `columns`. */
  readonly problem?: string;
}

/** A row as the model sees it: one entry a token. */
export interface TokenPreview {
  readonly row: number;
  readonly file: string;
  readonly line: number;
  readonly tokens: readonly { readonly id: number; readonly text: string; readonly supervised: boolean }[];
}

/** Exact, known before anything is allocated. */
export interface MemoryPlan {
  readonly totalBytes: number;
  readonly weightBytes: number;
  readonly adapterBytes: number;
  readonly activationBytes: number;
  readonly otherBytes: number;
  readonly trainableParameters: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

export interface StepEvent {
  readonly type: 'step';
  readonly runId: string;
  /** From 1. */
  readonly step: number;
  readonly totalSteps: number;
  readonly loss: number;
  readonly lr: number;
  readonly gradNorm: number;
  /** Tokens of this step, padding left out. */
  readonly tokens: number;
  readonly ms: number;
  readonly epoch: number;
}
export interface EvalEvent {
  readonly type: 'eval';
  readonly runId: string;
  readonly step: number;
  readonly loss: number;
}
export interface StateEvent {
  readonly type: 'state';
  readonly runId: string;
  readonly state: 'preparing' | 'running' | 'paused' | 'done' | 'stopped' | 'failed';
  /** For `failed`: what happened; for `preparing`: what is being done; for `running`: why the run cannot be kept. */
  readonly message: string | undefined;
}
/** First event of a run that goes on: everything that it told before it was interrupted. */
export interface PastEvent {
  readonly type: 'past';
  readonly runId: string;
  readonly events: readonly (StepEvent | EvalEvent)[];
}
export type RunEvent = StepEvent | EvalEvent | StateEvent | PastEvent;

/** A run that a closed tab, a crash or a lost GPU has ended, as it was last kept. */
export interface InterruptedRun {
  readonly runId: string;
  readonly adapterName: string;
  readonly step: number;
  readonly totalSteps: number;
  readonly settings: TrainSettings;
  readonly datasetName: string;
  readonly baseName: string;
  /** Of the base that has to be open for it to go on. */
  readonly baseHash: string;
  /** ISO 8601. */
  readonly savedAt: string;
  /** True: it goes on as if it had not been interrupted, to the bit. False: equal within rounding. */
  readonly isSameDevice: boolean;
}

export interface RunResult {
  readonly runId: string;
  readonly adapterId: string;
  readonly steps: number;
  readonly finalLoss: number;
  readonly validationLoss: number | undefined;
  readonly baseValidationLoss: number | undefined;
  /** Why the run ended early: its numbers went bad, and the adapter is that of `steps`. */
  readonly trouble: string | undefined;
}

export interface GenerateRequest {
  /** Rendered through the chat template when `chat`, else continued as it is. */
  readonly prompt: string;
  readonly chat: boolean;
  /** One answer per entry, side by side in one batch: `null` = base alone, else an adapter id. */
  readonly answers: readonly { readonly adapterId: string | null; readonly strength: number }[];
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
}
export interface GenerateEvent {
  /** Which entry of `answers`. */
  readonly answer: number;
  /** Text that is new since the last event; never half a character. */
  readonly text: string;
  readonly done: boolean;
  /** Why it ended, when done. */
  readonly reason: 'end-of-turn' | 'length' | 'stopped' | undefined;
  readonly tokensPerSecond: number;
}

/** What the library stores and shows of an adapter; its tensors stand beside it under the same id. */
export interface AdapterRecord {
  readonly id: string;
  readonly name: string;
  /** ISO 8601. */
  readonly created: string;
  readonly baseId: string;
  readonly baseName: string;
  readonly baseHash: string;
  readonly rank: number;
  readonly alpha: number;
  readonly targets: readonly string[];
  readonly datasetName: string;
  readonly steps: number;
  readonly finalLoss: number;
  readonly validationLoss: number | undefined;
  readonly bytes: number;
}

export interface Progress {
  readonly what: string;
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes' | 'rows' | 'kernels';
}

/** Called with progress; pass through comlink's `proxy` when crossing to the worker (client.ts does). */
export type OnProgress = (progress: Progress) => void;

export interface EngineApi {
  openDevice(): Promise<DeviceReport>;
  openModel(source: ModelSource, quant: QuantScheme, onProgress: OnProgress): Promise<ModelReport>;
  /** Ends an opening that is going on; its call rejects. The base that was open before stays open. */
  cancelOpening(): Promise<void>;
  listHubModels(): Promise<readonly HubChoice[]>;
  openDataset(files: readonly File[], options: DatasetOptions, onProgress: OnProgress): Promise<DatasetReport>;
  /** The same files read again with other options; nothing is uploaded or re-picked. */
  remapDataset(options: DatasetOptions, onProgress: OnProgress): Promise<DatasetReport>;
  previewRows(first: number, count: number): Promise<readonly TokenPreview[]>;
  planRun(settings: TrainSettings): Promise<MemoryPlan>;
  /** Resolves when the run has ended by itself or by `stopRun`; the adapter has then been kept. */
  train(
    runId: string,
    adapterName: string,
    settings: TrainSettings,
    onEvent: (event: RunEvent) => void,
  ): Promise<RunResult>;
  pauseRun(runId: string): Promise<void>;
  resumeRun(runId: string): Promise<void>;
  /** Ends after the current step and keeps the adapter as it is. */
  stopRun(runId: string): Promise<void>;
  /** Undefined while a run goes on, in this tab or another. */
  interruptedRun(): Promise<InterruptedRun | undefined>;
  /** Goes on with it as `train` would have; its base has to be open. */
  resumeInterrupted(onEvent: (event: RunEvent) => void): Promise<RunResult>;
  /** Its adapter as it was last kept becomes one of the library; the run is forgotten. */
  keepInterrupted(): Promise<AdapterRecord>;
  discardInterrupted(): Promise<void>;
  generate(request: GenerateRequest, onEvent: (event: GenerateEvent) => void): Promise<void>;
  stopGenerating(): Promise<void>;
  listAdapters(): Promise<readonly AdapterRecord[]>;
  renameAdapter(id: string, name: string): Promise<void>;
  deleteAdapter(id: string): Promise<void>;
  /** A zip of a PEFT folder: adapter_config.json, adapter_model.safetensors, README.md. */
  downloadAdapter(id: string): Promise<{ readonly fileName: string; readonly zip: Uint8Array }>;
  /** A PEFT folder's files or such a zip becomes an adapter of the library. */
  importAdapter(files: readonly File[]): Promise<AdapterRecord>;
}
