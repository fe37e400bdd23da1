// What the page has open: one device, one base, one dataset, and the adapters and runs over them. The engine's services
// share one session; each changes only what its own place of the page shows.

import type { EditableDataset } from '../data/editable-dataset.ts';
import type { Dataset } from '../data/load-dataset.ts';
import type { Device } from '../gpu/device.ts';
import type { TuningStore } from '../gpu/tuning.ts';
import type { FlatAdapter } from '../lora/flat-adapter.ts';
import type { BaseModel } from '../model/base-model.ts';
import type { ModelFile } from '../model/model-file.ts';
import type { PreparedStore } from '../model/prepared-store.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import type { AdapterStore } from '../storage/adapter-store.ts';
import type { DatasetStore } from '../storage/dataset-store.ts';
import { withMemory } from '../storage/memory-backed-adapters.ts';
import type { RunArchive } from '../storage/run-archive.ts';
import type { RunStore } from '../storage/run-store.ts';
import type { Traffic } from './count-traffic.ts';
import { GpuTurns } from './gpu-turns.ts';
import type { KeptDataset } from './kept-dataset.ts';
import type { KeptRun } from './kept-run.ts';
import type { TabChannel } from './other-tabs.ts';
import {
  type AdapterRecord,
  type DatasetOptions,
  type ModelReport,
  RUNNING_ADAPTER,
  type RunCurves,
  type RunRecord,
} from './protocol.ts';
import type { RunControl } from './run-control.ts';
import { wholeRecords } from './whole-records.ts';

/** What the engine needs from its host. */
export interface EngineHost {
  /** Absent where traffic is not counted. */
  readonly traffic?: Traffic;
  readonly gpu: GPU | undefined;
  /** The machine's memory, if known. */
  readonly memoryBytes?: number | undefined;
  readonly prepared: PreparedStore;
  readonly tunings?: TuningStore;
  readonly adapters: AdapterStore<AdapterRecord>;
  readonly runs: RunStore<KeptRun>;
  readonly archive: RunArchive<RunRecord, RunCurves>;
  /** The channel to other tabs of the page; absent where there are none. */
  readonly tabs?: TabChannel | undefined;
  /** Holds a file that is streamed to disk, for one download. */
  writeExport(name: string, chunks: AsyncIterable<Uint8Array>): Promise<Blob>;
  /** Absent: the open dataset is not kept. */
  readonly datasets?: DatasetStore<KeptDataset>;
  /** Files of the bundled model served at `url`. */
  fetchModel(
    url: string,
    onProgress: (done: number, total: number) => void,
    signal: AbortSignal,
  ): Promise<readonly ModelFile[]>;
}

export interface OpenData {
  readonly options: DatasetOptions;
  /** Its rows as read and edited. */
  readonly table: EditableDataset;
  /** Undefined while none of its rows can be trained on. Ask the table for its hash. */
  readonly dataset: Omit<Dataset, 'hash'> | undefined;
  /** The base whose tokenizer made the rows. */
  readonly model: BaseModel;
}

export class Session {
  device: Device | undefined;
  model: BaseModel | undefined;
  modelReport: ModelReport | undefined;
  tokenizer: Tokenizer | undefined;
  data: OpenData | undefined;
  readonly runs = new Map<string, RunControl>();
  /** Adapters on the device, ready to answer, the most recently used last. */
  readonly loaded = new Map<string, FlatAdapter>();
  /** Those that are answering now. */
  readonly answeringWith = new Set<FlatAdapter>();

  /** Ids of runs that other tabs are training, as far as this tab knows. */
  runElsewhere: ReadonlySet<string> = new Set();

  /** Adapters in training, by run id. */
  readonly training = new Map<string, FlatAdapter>();
  readonly turns = new GpuTurns();
  private answering: { readonly abort: AbortController; readonly ended: Promise<unknown> } | undefined;

  readonly host: EngineHost;

  constructor(host: EngineHost) {
    this.host = { ...host, adapters: wholeRecords(withMemory(host.adapters)) };
  }

  /** Ends any answer in progress, then runs `work`, which answers; meanwhile base and adapters count as in use. */
  async answer<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const before = this.answering;
    before?.abort.abort();
    const abort = new AbortController();
    const result = (async () => {
      await before?.ended;
      return work(abort.signal);
    })();
    const mine = { abort, ended: result.catch(() => {}) };
    this.answering = mine;
    return result.finally(() => {
      if (this.answering === mine) this.answering = undefined;
    });
  }

  abortAnswers(): void {
    this.answering?.abort.abort();
  }

  /** Resolves when nothing is being answered, so that base and adapters may be released. */
  async endAnswers(): Promise<void> {
    while (this.answering !== undefined) {
      this.answering.abort.abort();
      await this.answering.ended;
    }
  }

  /** Makes room for one more adapter by evicting the least recently used that is not answering. */
  makeRoom(mostLoaded: number): void {
    for (const [id, adapter] of this.loaded) {
      if (this.loaded.size < mostLoaded) return;
      if (this.answeringWith.has(adapter)) continue;
      adapter.destroy();
      this.loaded.delete(id);
    }
  }

  unloadAdapters(): void {
    for (const adapter of this.loaded.values()) adapter.destroy();
    this.loaded.clear();
  }

  needDevice(): Device {
    if (this.device === undefined) throw new Error('Cannot go on: found no open GPU, need one');
    return this.device;
  }

  needModel(): BaseModel {
    if (this.model === undefined) throw new Error('Cannot go on: found no open base model, need one');
    return this.model;
  }

  needTokenizer(): Tokenizer {
    if (this.tokenizer === undefined)
      throw new Error('Cannot read text: found no tokenizer.json in the model folder, need one');
    return this.tokenizer;
  }

  /** The adapter of a run in progress, by its `runningAdapter` id. */
  needTraining(name: string): FlatAdapter {
    const [first] = this.training.values();
    const found = name === RUNNING_ADAPTER ? first : this.training.get(name.slice(RUNNING_ADAPTER.length + 1));
    if (found === undefined) throw new Error('Cannot ask the run: found none that goes on, need one');
    return found;
  }

  refuseDuringRun(what: string): void {
    if (this.runs.size > 0) throw new Error(`Cannot ${what}: a run is going on; stop it first`);
  }
}
