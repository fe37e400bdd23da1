// Over 400 lines: one class is the whole of what the page can ask for; what each answer needs is in the files it imports.
// The engine as the page sees it: one device, one base, one dataset, runs and answers over them. Serves `EngineApi`; knows
// nothing of workers, the DOM or Node. What a step does is in src/train, what a file holds in src/lora/files.

import { DatasetError } from '../data/dataset-error.ts';
import { type Dataset, loadDataset } from '../data/load-dataset.ts';
import { packRows } from '../data/pack-rows.ts';
import { previewRow } from '../data/preview-row.ts';
import type { TokenRow } from '../data/types.ts';
import { Device } from '../gpu/device.ts';
import type { Adapter } from '../lora/adapter.ts';
import { readPeftFolder, writePeftFolder } from '../lora/files/peft.ts';
import { unzipAdapter, zipAdapter } from '../lora/files/zip-adapter.ts';
import { FlatAdapter } from '../lora/flat-adapter.ts';
import type { BaseModel } from '../model/base-model.ts';
import { FAMILIES } from '../model/families/by-model-type.ts';
import { CURATED_MODELS } from '../model/hub/curated-models.ts';
import { readHubId } from '../model/hub/hub-id.ts';
import { openHub } from '../model/hub/open-hub.ts';
import { fileFromBlob, fileFromBytes, type ModelFile } from '../model/model-file.ts';
import type { PreparedStore } from '../model/prepared-store.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import type { AdapterStore } from '../storage/adapter-store.ts';
import type { RunStore } from '../storage/run-store.ts';
import type { Checkpoint } from '../train/checkpoint.ts';
import { Generator } from '../train/generate.ts';
import { checkSettings, stepsPerEpoch, type TrainSettings, totalSteps } from '../train/recipe.ts';
import { CHECKPOINT_EVERY } from '../train/run-journal.ts';
import { largestBatch, pastEvents, splitRows, type TrainEvent } from '../train/run-training.ts';
import { planStep } from '../train/train-step.ts';
import { cardFacts, type RunFacts } from './card-facts.ts';
import { describeDataset, unmappedReport } from './describe-dataset.ts';
import { describeModel } from './describe-model.ts';
import { encodeRequest } from './encode-request.ts';
import { findInterrupted, type KeptRun, readKeptRows } from './kept-run.ts';
import { openBase } from './open-base.ts';
import type {
  AdapterRecord,
  DatasetOptions,
  DatasetReport,
  DeviceReport,
  EngineApi,
  GenerateEvent,
  GenerateRequest,
  HubChoice,
  InterruptedRun,
  MemoryPlan,
  ModelReport,
  ModelSource,
  OnProgress,
  QuantScheme,
  RunEvent,
  RunResult,
  TokenPreview,
} from './protocol.ts';
import { RunControl } from './run-control.ts';
import { adapterOf, isSameDevice, newAdapter, trainAdapter } from './train-adapter.ts';

/** What the engine needs of where it runs. */
export interface EngineHost {
  readonly gpu: GPU | undefined;
  readonly prepared: PreparedStore;
  readonly adapters: AdapterStore<AdapterRecord>;
  readonly runs: RunStore<KeptRun>;
  /** Files of the bundled model served at `url`. */
  fetchModel(
    url: string,
    onProgress: (done: number, total: number) => void,
    signal: AbortSignal,
  ): Promise<readonly ModelFile[]>;
}

/** How people call a bundled model, and what an adapter's config says it was trained on. */
const BUNDLED_NAMES: Readonly<Record<string, string>> = { scion: 'Scion' };

/** A tab is closed more lightly than a terminal. */
const CHECKPOINT_SECONDS = 10;

interface SourceFiles {
  readonly id: string;
  readonly name: string;
  readonly files: readonly ModelFile[];
  readonly licence?: string | undefined;
  /** Of a model of the Hub, as HubModel has it. */
  readonly download?: { readonly totalBytes: number; receivedBytes(): number; isStreaming(): boolean };
}

interface OpenData {
  readonly files: readonly File[];
  readonly options: DatasetOptions;
  /** Undefined while its columns have no meaning yet. */
  readonly dataset: Dataset | undefined;
  /** The base whose tokenizer made the rows. */
  readonly model: BaseModel;
}

export class Engine implements EngineApi {
  private device: Device | undefined;
  private model: BaseModel | undefined;
  private modelReport: ModelReport | undefined;
  private tokenizer: Tokenizer | undefined;
  private data: OpenData | undefined;
  private readonly runs = new Map<string, RunControl>();
  /** Adapters on the device, ready to answer. */
  private readonly loaded = new Map<string, FlatAdapter>();
  private opening: { readonly abort: AbortController; readonly ended: Promise<unknown> } | undefined;
  private generating: AbortController | undefined;

  constructor(private readonly host: EngineHost) {}

  async openDevice(): Promise<DeviceReport> {
    const missing = (status: 'no-webgpu' | 'no-adapter'): DeviceReport => ({
      status,
      name: 'no GPU',
      vendor: '',
      architecture: '',
      isSoftware: false,
      features: [],
      limits: { maxBufferBytes: 0, maxBindingBytes: 0, maxWorkgroupBytes: 0 },
    });
    if (this.host.gpu === undefined) return missing('no-webgpu');
    try {
      this.device ??= await Device.open(this.host.gpu);
    } catch {
      return missing('no-adapter');
    }
    const { name, isSoftware, info, traits, gpu } = this.device;
    return {
      status: 'ok',
      name,
      vendor: info.vendor,
      architecture: info.architecture,
      isSoftware,
      features: [...gpu.features].sort(),
      limits: {
        maxBufferBytes: traits.maxBufferBytes,
        maxBindingBytes: traits.maxBindingBytes,
        maxWorkgroupBytes: traits.maxWorkgroupBytes,
      },
    };
  }

  async openModel(source: ModelSource, quant: QuantScheme, onProgress: OnProgress): Promise<ModelReport> {
    this.refuseDuringRun('open another base');
    const device = this.needDevice();
    while (this.opening) await this.cancelOpening();
    const abort = new AbortController();
    const opened = this.readModel(device, source, quant, onProgress, abort.signal);
    this.opening = { abort, ended: opened.catch(() => {}) };
    const { model, tokenizer, id } = await opened.finally(() => {
      abort.abort(); // nothing that was read ahead goes on
      this.opening = undefined;
    });
    this.unloadAdapters();
    this.model?.destroy();
    this.model = model;
    this.tokenizer = tokenizer;
    this.modelReport = describeModel(model, tokenizer, id, quant);
    return this.modelReport;
  }

  async cancelOpening(): Promise<void> {
    const { opening } = this;
    opening?.abort.abort();
    await opening?.ended;
  }

  async listHubModels(): Promise<readonly HubChoice[]> {
    return CURATED_MODELS.map(({ modelType, ...model }) => ({ ...model, isOpenable: FAMILIES.has(modelType) }));
  }

  async openDataset(files: readonly File[], options: DatasetOptions, onProgress: OnProgress): Promise<DatasetReport> {
    this.refuseDuringRun('open another dataset');
    const model = this.needModel();
    const tokenizer = this.needTokenizer();
    const load = { ...options, vocabularySize: model.config.vocab };
    const dataset = await loadDataset(files, tokenizer, load, undefined, onProgress).catch((error: Error) => {
      if (!(error instanceof DatasetError) || error.columns.length === 0) throw error;
      return error;
    });
    if (dataset instanceof DatasetError) {
      this.data = { files, options, dataset: undefined, model };
      return unmappedReport(files, dataset);
    }
    this.data = { files, options, dataset, model };
    return describeDataset(dataset);
  }

  async remapDataset(options: DatasetOptions, onProgress: OnProgress): Promise<DatasetReport> {
    if (this.data === undefined) throw new DatasetError('Cannot read the dataset again: found none open');
    return this.openDataset(this.data.files, options, onProgress);
  }

  async previewRows(first: number, count: number): Promise<readonly TokenPreview[]> {
    const tokenizer = this.needTokenizer();
    const rows = this.data?.dataset?.rows ?? [];
    const decode = (id: number) => tokenizer.decode([id], { special: true });
    return rows
      .slice(first, first + count)
      .map((row, i) => ({ row: first + i, file: row.file, line: row.line, tokens: previewRow(row, decode) }));
  }

  async planRun(settings: TrainSettings): Promise<MemoryPlan> {
    checkSettings(settings);
    const model = this.needModel();
    const { rows } = await this.datasetFor(settings);
    const { modules } = newAdapter(model, settings);
    const positions = rows.reduce((n, r) => Math.max(n, r.ids.length), 1);
    const plan = planStep(model, model.device.traits, modules, {
      columns: largestBatch(rows, settings),
      positions,
      dropout: settings.dropout,
    });
    const { train } = splitRows(rows, settings);
    let trainableParameters = 0;
    for (const m of modules.values()) trainableParameters += m.r * (m.inFeatures + m.outFeatures);
    const weightBytes = model.weights.bytes;
    return {
      totalBytes: weightBytes + plan.total,
      weightBytes,
      adapterBytes: plan.adapter,
      activationBytes: plan.activations,
      otherBytes: plan.other,
      trainableParameters,
      stepsPerEpoch: stepsPerEpoch(train.length, settings),
      totalSteps: totalSteps(train.length, settings),
    };
  }

  async train(
    runId: string,
    adapterName: string,
    settings: TrainSettings,
    onEvent: (event: RunEvent) => void,
  ): Promise<RunResult> {
    this.refuseDuringRun('start another run');
    checkSettings(settings);
    return this.follow(runId, onEvent, async (control) => {
      control.set('preparing', 'Reading the rows');
      const dataset = await this.datasetFor(settings);
      const run = {
        runId,
        adapterName,
        baseName: this.modelReport!.name,
        dataset: { name: dataset.name, hash: dataset.hash },
      };
      const release = await this.beginKeeping(run, dataset.rows).catch((error: Error) => error);
      const problem =
        typeof release === 'function' ? undefined : `This run is not kept while it goes: ${release.message}`;
      try {
        return await this.trainAndKeep(run, { settings, dataset, problem }, control, onEvent);
      } finally {
        if (typeof release === 'function') release();
      }
    });
  }

  async interruptedRun(): Promise<InterruptedRun | undefined> {
    const found = await findInterrupted(this.host.runs);
    if (found === undefined) return undefined;
    const { run, checkpoint } = found;
    return {
      runId: run.runId,
      adapterName: run.adapterName,
      step: checkpoint.steps.length,
      totalSteps: checkpoint.totalSteps,
      settings: checkpoint.settings,
      datasetName: run.dataset.name,
      baseName: run.baseName,
      baseHash: checkpoint.identity.base,
      savedAt: checkpoint.savedAt,
      isSameDevice: this.device !== undefined && isSameDevice(checkpoint, this.device),
    };
  }

  async resumeInterrupted(onEvent: (event: RunEvent) => void): Promise<RunResult> {
    this.refuseDuringRun('go on with another run');
    this.needModel();
    const { run, checkpoint } = await this.needInterrupted();
    const { runId } = run;
    return this.follow(runId, onEvent, async (control) => {
      control.set('preparing', 'Reading the rows');
      const release = await this.host.runs.claim();
      if (release === undefined) throw new Error('Cannot go on: the run goes on in another tab');
      try {
        const dataset = await readKeptRows(this.host.runs, run);
        const events = pastEvents(checkpoint, dataset.rows).map((event) => ({ ...event, runId }));
        onEvent({ type: 'past', runId, events });
        const { settings } = checkpoint;
        return await this.trainAndKeep(run, { settings, dataset, resumeFrom: checkpoint }, control, onEvent);
      } finally {
        release();
      }
    });
  }

  async keepInterrupted(): Promise<AdapterRecord> {
    this.refuseDuringRun('keep the adapter of another run');
    const { run, checkpoint } = await this.needInterrupted();
    const adapter = await adapterOf(this.needModel(), checkpoint);
    const { settings, steps, evals } = checkpoint;
    const dataset = await readKeptRows(this.host.runs, run);
    const outcome = {
      steps: steps.length,
      finalLoss: steps.at(-1)?.loss ?? Number.NaN,
      stopped: true,
      validationBefore: evals[0]?.loss,
      validationAfter: evals.at(-1)?.loss,
      trouble: undefined,
    };
    const record = await this.keep(run.adapterName, adapter, { settings, dataset, outcome });
    await this.host.runs.checkpoints.clear();
    return record;
  }

  async discardInterrupted(): Promise<void> {
    // Never that of a run that goes on.
    if ((await this.host.runs.interrupted()) !== undefined) await this.host.runs.checkpoints.clear();
  }

  async pauseRun(runId: string): Promise<void> {
    this.runs.get(runId)?.pause();
  }
  async resumeRun(runId: string): Promise<void> {
    this.runs.get(runId)?.resume();
  }
  async stopRun(runId: string): Promise<void> {
    this.runs.get(runId)?.stop();
  }

  async generate(request: GenerateRequest, onEvent: (event: GenerateEvent) => void): Promise<void> {
    const model = this.needModel();
    const tokenizer = this.needTokenizer();
    this.generating?.abort();
    const abort = new AbortController();
    this.generating = abort;
    const answers = [];
    for (const { adapterId, strength } of request.answers)
      answers.push({ adapter: adapterId === null ? undefined : await this.load(adapterId), strength });
    const ids = encodeRequest(tokenizer, request.prompt, request.chat);
    const room = model.config.contextTokens - ids.length;
    if (room < 1)
      throw new RangeError(
        `Cannot answer: found a prompt of ${ids.length} tokens, need fewer than the base's ${model.config.contextTokens}`,
      );
    const maxTokens = Math.min(request.maxTokens, room);
    const generator = await Generator.create(model, answers, ids.length + maxTokens);
    try {
      const streams = answers.map(() => tokenizer.decodeStream());
      const began = performance.now();
      let tokens = 0;
      const options = { ...request, maxTokens, stopIds: tokenizer.endOfTurn, signal: abort.signal };
      for await (const { answer, id, reason } of generator.run(ids, options)) {
        if (id !== undefined) tokens++;
        const fresh = id === undefined ? streams[answer]!.end() : streams[answer]!.push(id);
        const tokensPerSecond = tokens / ((performance.now() - began) / 1000);
        if (fresh !== '' || reason !== undefined)
          onEvent({ answer, text: fresh, done: reason !== undefined, reason, tokensPerSecond });
      }
    } finally {
      generator.destroy();
      if (this.generating === abort) this.generating = undefined;
    }
  }

  async stopGenerating(): Promise<void> {
    this.generating?.abort();
  }

  async listAdapters(): Promise<readonly AdapterRecord[]> {
    const records = await this.host.adapters.list();
    return records.sort((a, b) => (a.created < b.created ? 1 : -1));
  }

  async renameAdapter(id: string, name: string): Promise<void> {
    await this.host.adapters.update({ ...(await this.record(id)), name });
  }

  async deleteAdapter(id: string): Promise<void> {
    this.loaded.get(id)?.destroy();
    this.loaded.delete(id);
    await this.host.adapters.remove(id);
  }

  async downloadAdapter(id: string): Promise<{ readonly fileName: string; readonly zip: Uint8Array }> {
    const { name } = await this.record(id);
    const files = await this.host.adapters.files(id);
    const safe = name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '') || 'adapter';
    return { fileName: `${safe}.zip`, zip: zipAdapter([...files].map(([file, bytes]) => ({ name: file, bytes }))) };
  }

  async importAdapter(files: readonly File[]): Promise<AdapterRecord> {
    const model = this.needModel();
    const isZip = files.length === 1 && /\.zip$/i.test(files[0]!.name);
    const parts = isZip ? unzipAdapter(new Uint8Array(await files[0]!.arrayBuffer())) : files.map(fileFromBlob);
    const { adapter } = await readPeftFolder(parts, model.linears(), model.family.defaultTargets);
    const [first] = files;
    // Node's File has no path; the browser's is empty unless a folder was dropped.
    const folder = (first as { readonly webkitRelativePath?: string }).webkitRelativePath?.split('/')[0];
    return this.keep(folder || first!.name.replace(/\.[^.]*$/, ''), adapter);
  }

  /** A run's frame: its control while it goes, and the state it ends with when it throws. */
  private async follow(
    runId: string,
    onEvent: (event: RunEvent) => void,
    run: (control: RunControl) => Promise<RunResult>,
  ): Promise<RunResult> {
    const control = new RunControl((state, message) => onEvent({ type: 'state', runId, state, message }));
    this.runs.set(runId, control);
    try {
      return await run(control);
    } catch (error) {
      control.set('failed', (error as Error).message);
      throw error;
    } finally {
      this.runs.delete(runId);
    }
  }

  /** Takes the place of the run that goes on and writes down what it is; returns what gives the place back. */
  private async beginKeeping(run: KeptRun, rows: readonly TokenRow[]): Promise<() => void> {
    const release = await this.host.runs.claim();
    if (release === undefined) throw new Error('another tab is training');
    try {
      await this.host.runs.begin(run, packRows(rows));
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Trains, keeping checkpoints unless there is a `problem`, and puts the adapter into the library. */
  private async trainAndKeep(
    run: KeptRun,
    how: {
      readonly settings: TrainSettings;
      readonly dataset: RunFacts['dataset'] & { readonly rows: readonly TokenRow[] };
      readonly resumeFrom?: Checkpoint;
      readonly problem?: string | undefined;
    },
    control: RunControl,
    onEvent: (event: RunEvent) => void,
  ): Promise<RunResult> {
    const { runId, adapterName } = run;
    const { settings, dataset, resumeFrom } = how;
    const { checkpoints } = this.host.runs;
    let { problem } = how;
    const keep = {
      store: checkpoints,
      dataHash: dataset.hash,
      everySteps: CHECKPOINT_EVERY.steps,
      everySeconds: CHECKPOINT_SECONDS,
      resumeFrom,
      onSaved(step: number, found: string | undefined) {
        problem = found && `The run cannot be kept at step ${step}: ${found}`;
      },
    };
    const hooks = {
      onEvent: (event: TrainEvent) => {
        control.set('running', problem);
        onEvent({ ...event, runId });
      },
      onProgress: (done: number, total: number) => control.set('preparing', `Compiling kernel ${done} of ${total}`),
      beforeStep: () => control.waitWhilePaused(),
      signal: control.signal,
    };
    const isKept = problem === undefined;
    const { adapter, outcome } = await trainAdapter(
      this.needModel(),
      dataset.rows,
      settings,
      hooks,
      undefined,
      isKept ? keep : undefined,
    );
    const record = await this.keep(adapterName, adapter, { settings, dataset, outcome });
    // The adapter is safe: what is left of the run could only be offered once too often.
    if (isKept) await checkpoints.clear().catch(() => {});
    control.set(outcome.stopped ? 'stopped' : 'done');
    return {
      runId,
      adapterId: record.id,
      steps: outcome.steps,
      finalLoss: outcome.finalLoss,
      validationLoss: outcome.validationAfter,
      baseValidationLoss: outcome.validationBefore,
      trouble: outcome.trouble,
    };
  }

  private async needInterrupted() {
    const found = await findInterrupted(this.host.runs);
    if (found === undefined) throw new Error('Cannot go on: found no interrupted run, need one');
    return found;
  }

  /** Stores an adapter with its files; what is known of the run goes into its card. */
  private async keep(name: string, adapter: Adapter, run?: RunFacts): Promise<AdapterRecord> {
    const model = this.needModel();
    const files = writePeftFolder(adapter, cardFacts(model, name, run));
    const record: AdapterRecord = {
      id: crypto.randomUUID(),
      name,
      created: new Date().toISOString(),
      baseId: this.modelReport!.id,
      baseName: this.modelReport!.name,
      baseHash: this.modelReport!.hash,
      rank: adapter.config.r,
      alpha: adapter.config.lora_alpha,
      targets: [...new Set([...adapter.modules.keys()].map((path) => path.slice(path.lastIndexOf('.') + 1)))],
      datasetName: run?.dataset.name ?? 'imported',
      steps: run?.outcome.steps ?? 0,
      finalLoss: run?.outcome.finalLoss ?? Number.NaN,
      validationLoss: run?.outcome.validationAfter,
      bytes: files.reduce((n, f) => n + f.bytes.byteLength, 0),
    };
    await this.host.adapters.save(record, new Map(files.map((f) => [f.name, f.bytes])));
    return record;
  }

  private async load(id: string): Promise<FlatAdapter> {
    const known = this.loaded.get(id);
    if (known !== undefined) return known;
    const model = this.needModel();
    const files = await this.host.adapters.files(id);
    const { adapter } = await readPeftFolder(
      [...files].map(([name, bytes]) => fileFromBytes(name, bytes)),
      model.linears(),
      model.family.defaultTargets,
    );
    const flat = await FlatAdapter.create(model.device, adapter.modules, adapter.modules);
    this.loaded.set(id, flat);
    return flat;
  }

  private async readModel(
    device: Device,
    source: ModelSource,
    quant: QuantScheme,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<{ readonly model: BaseModel; readonly tokenizer: Tokenizer | undefined; readonly id: string }> {
    const progress = (done: number, total: number) => onProgress({ what: 'model', done, total, unit: 'bytes' });
    const { id, name, files, licence, download } = await this.findFiles(source, progress, signal);
    const model = await openBase(
      device,
      files,
      { linears: quant, embeddings: quant },
      {
        name,
        licence,
        store: this.host.prepared,
        signal,
        onProgress: (done, total) => {
          if (download?.isStreaming())
            progress(Math.min(download.receivedBytes(), download.totalBytes), download.totalBytes);
          else progress(done, total);
        },
      },
    );
    try {
      const tokenizer = await model.folder.loadTokenizer?.();
      signal.throwIfAborted();
      return { model, tokenizer, id };
    } catch (error) {
      model.destroy();
      throw error;
    }
  }

  private async findFiles(
    source: ModelSource,
    progress: (done: number, total: number) => void,
    signal: AbortSignal,
  ): Promise<SourceFiles> {
    if (source.kind === 'files') return { id: source.name, name: source.name, files: source.files.map(fileFromBlob) };
    if (source.kind === 'bundled') {
      const files = await this.host.fetchModel(source.url, progress, signal);
      return { id: source.id, name: BUNDLED_NAMES[source.id] ?? source.id, files };
    }
    const { id, revision, endpoint, token } = source;
    const hub = readHubId(id, revision);
    if (hub === undefined)
      throw new RangeError(`Cannot open "${id}" from the Hub: need an id such as org/name or org/name/file.gguf`);
    const { name, licence, files, weightBytes, receivedBytes, isStreaming } = await openHub(hub, {
      endpoint,
      token,
      signal,
    });
    progress(0, weightBytes);
    return { id: name, name, files, licence, download: { totalBytes: weightBytes, receivedBytes, isStreaming } };
  }

  private unloadAdapters(): void {
    for (const adapter of this.loaded.values()) adapter.destroy();
    this.loaded.clear();
  }

  /** The dataset at the run's length; read again when it was made with another length or by another base. */
  private async datasetFor(settings: TrainSettings): Promise<Dataset> {
    if (this.data?.dataset === undefined)
      throw new DatasetError('Cannot train: found no dataset, need one whose columns have a meaning');
    const { files, options, dataset, model } = this.data;
    if (options.maxTokens === settings.seqLen && model === this.model) return dataset;
    const again = { ...options, mapping: options.mapping ?? dataset.mapping, maxTokens: settings.seqLen };
    const load = { ...again, vocabularySize: this.needModel().config.vocab };
    const reread = await loadDataset(files, this.needTokenizer(), load);
    this.data = { files, options: again, dataset: reread, model: this.needModel() };
    return reread;
  }

  private async record(id: string): Promise<AdapterRecord> {
    const record = (await this.host.adapters.list()).find((r) => r.id === id);
    if (record === undefined) throw new Error(`Cannot find adapter "${id}" in this browser's storage`);
    return record;
  }

  private needDevice(): Device {
    if (this.device === undefined) throw new Error('Cannot go on: found no open GPU, need one');
    return this.device;
  }
  private needModel(): BaseModel {
    if (this.model === undefined) throw new Error('Cannot go on: found no open base model, need one');
    return this.model;
  }
  private needTokenizer(): Tokenizer {
    if (this.tokenizer === undefined)
      throw new Error('Cannot read text: found no tokenizer.json in the model folder, need one');
    return this.tokenizer;
  }
  private refuseDuringRun(what: string): void {
    if (this.runs.size > 0) throw new Error(`Cannot ${what}: a run is going on; stop it first`);
  }
}
