// Base: opens the device and the model that adapters are trained on, wherever its files are.

import { Device } from '../gpu/device.ts';
import type { BaseModel } from '../model/base-model.ts';
import { quantOf } from '../model/choose-quant.ts';
import { FAMILIES } from '../model/families/by-model-type.ts';
import { CURATED_MODELS } from '../model/hub/curated-models.ts';
import { readHubId } from '../model/hub/hub-id.ts';
import { fileFromBlob, type ModelFile } from '../model/model-file.ts';
import type { QuantChoice } from '../model/prepare-weights.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import { describeModel } from './describe-model.ts';
import { DownloadProgress } from './download-progress.ts';
import { openBase } from './open-base.ts';
import type {
  BaseApi,
  DeviceReport,
  HostTraffic,
  HubChoice,
  KeptModels,
  ModelReport,
  ModelSource,
  OnProgress,
  QuantAsk,
} from './protocol.ts';
import type { Session } from './session.ts';

/** Display names of bundled models, also recorded in an adapter's config. */
const BUNDLED_NAMES: Readonly<Record<string, string>> = { scion: 'Scion' };

const NEVER = new AbortController().signal;

interface SourceFiles {
  readonly id: string;
  readonly name: string;
  readonly files: readonly ModelFile[];
  readonly licence?: string | undefined;
  /** Of a model of the Hub, once its weights are being fetched: told by itself. */
  isDownloading?(): boolean;
}

export class BaseService implements BaseApi {
  /** What is open, for reopening it on another device. */
  private opened: { readonly source: ModelSource; readonly quant: QuantChoice } | undefined;
  private reopening: Promise<BaseModel> | undefined;
  private opening: { readonly abort: AbortController; readonly ended: Promise<unknown> } | undefined;

  constructor(private readonly session: Session) {}

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
    if (this.session.host.gpu === undefined) return missing('no-webgpu');
    try {
      this.session.device ??= await Device.open(this.session.host.gpu);
    } catch {
      return missing('no-adapter');
    }
    const { name, isSoftware, info, traits, gpu } = this.session.device;
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

  async openModel(source: ModelSource, quant: QuantAsk, onProgress: OnProgress): Promise<ModelReport> {
    this.session.refuseDuringRun('open another base');
    const device = this.session.needDevice();
    while (this.opening) await this.cancelOpening();
    const abort = new AbortController();
    const choice = quant === 'auto' ? quant : quantOf(quant);
    const opened = this.readModel(device, source, choice, onProgress, abort.signal);
    this.opening = { abort, ended: opened.catch(() => {}) };
    const { model, tokenizer, id } = await opened.finally(() => {
      abort.abort(); // nothing that was read ahead goes on
      this.opening = undefined;
    });
    await this.session.endAnswers();
    this.session.unloadAdapters();
    this.session.model?.destroy();
    this.session.model = model;
    this.session.tokenizer = tokenizer;
    this.session.modelReport = describeModel(model, tokenizer, id);
    this.opened = { source, quant: model.quant };
    return this.session.modelReport;
  }

  /** The open base on a working device: after a GPU fault a new device is requested and the base is read again. */
  async liveModel(): Promise<BaseModel> {
    const model = this.session.needModel();
    if (model.device.fault === undefined || this.opened === undefined) return model;
    this.reopening ??= this.reopen(model, this.opened).finally(() => {
      this.reopening = undefined;
    });
    return this.reopening;
  }

  private async reopen(
    model: BaseModel,
    { source, quant }: { readonly source: ModelSource; readonly quant: QuantChoice },
  ): Promise<BaseModel> {
    const { session } = this;
    session.unloadAdapters();
    session.device?.destroy();
    session.device = await Device.open(this.needGpu());
    const { model: again } = await this.readModel(session.device, source, quant, () => {}, NEVER);
    if (again.weights.hash !== model.weights.hash) {
      again.destroy();
      throw new Error(
        `Cannot go on: found changed files of "${session.modelReport!.name}", need the base that was open`,
      );
    }
    if (session.data?.model === model) session.data = { ...session.data, model: again };
    session.model = again;
    return again;
  }

  private needGpu(): GPU {
    const { gpu } = this.session.host;
    if (gpu === undefined) throw new Error('Cannot open a GPU: found no WebGPU, need it');
    return gpu;
  }

  async cancelOpening(): Promise<void> {
    const { opening } = this;
    opening?.abort.abort();
    await opening?.ended;
  }

  keptModels(): Promise<KeptModels> {
    return this.session.host.prepared.measure();
  }

  forgetKeptModels(): Promise<void> {
    return this.session.host.prepared.clear();
  }

  async followTraffic(listener: (hosts: readonly HostTraffic[]) => void): Promise<void> {
    this.session.host.traffic?.follow(listener);
  }

  async listHubModels(): Promise<readonly HubChoice[]> {
    return CURATED_MODELS.map(({ modelType, ...model }) => ({ ...model, isOpenable: FAMILIES.has(modelType) }));
  }

  private async readModel(
    device: Device,
    source: ModelSource,
    quant: QuantChoice | 'auto',
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<{ readonly model: BaseModel; readonly tokenizer: Tokenizer | undefined; readonly id: string }> {
    const { id, name, files, licence, isDownloading } = await this.findFiles(source, onProgress, signal);
    const model = await openBase(device, files, quant, {
      memoryBytes: this.session.host.memoryBytes,
      name,
      licence,
      store: this.session.host.prepared,
      tunings: this.session.host.tunings,
      signal,
      onProgress: (done, total) => {
        if (!isDownloading?.()) onProgress({ what: 'model', done, total, unit: 'bytes' });
      },
    });
    try {
      const tokenizer = await model.folder.loadTokenizer?.();
      signal.throwIfAborted();
      return { model, tokenizer, id };
    } catch (error) {
      model.destroy();
      throw error;
    }
  }

  private async findFiles(source: ModelSource, onProgress: OnProgress, signal: AbortSignal): Promise<SourceFiles> {
    if (source.kind === 'files') return { id: source.name, name: source.name, files: source.files.map(fileFromBlob) };
    if (source.kind === 'bundled') {
      const progress = (done: number, total: number) => onProgress({ what: 'model', done, total, unit: 'bytes' });
      const files = await this.session.host.fetchModel(source.url, progress, signal);
      return { id: source.id, name: BUNDLED_NAMES[source.id] ?? source.id, files };
    }
    const { id, revision, endpoint, token } = source;
    const hub = readHubId(id, revision);
    if (hub === undefined)
      throw new RangeError(`Cannot open "${id}" from the Hub: need an id such as org/name or org/name/file.gguf`);
    const { openHub } = await import('../model/hub/open-hub.ts');
    const progress = new DownloadProgress(onProgress);
    const { name, licence, files, weightBytes, doneBytes, isStreaming } = await openHub(hub, {
      endpoint,
      token,
      signal,
      onBytes: () => {
        if (isStreaming()) progress.bytes();
      },
      onStandstill: (standstill) => progress.stands(standstill),
    });
    progress.begin({ totalBytes: weightBytes, doneBytes });
    return { id: name, name, files, licence, isDownloading: isStreaming };
  }
}
