// An engine without a GPU, to look at every state of the page in development: `#fake`, or `#fake=no-webgpu`,
// `software`, `model-error`, `run-error`, `interrupted`, `dead`, `empty`. Its loss is a formula. It is loaded under
// `import.meta.env.DEV` only (main.tsx), so no build contains it.
import {
  type AdapterRecord,
  DEFAULT_SETTINGS,
  type DeviceReport,
  type EngineApi,
  type InterruptedRun,
  type ModelReport,
  type RunEvent,
  type TrainSettings,
} from '../../engine/protocol.ts';
import { type FakeDataset, readFake } from './fake-rows.ts';

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const DEVICE: DeviceReport = {
  status: 'ok',
  name: 'Pretend GPU (no training happens)',
  vendor: 'nobody',
  architecture: 'fake-1',
  isSoftware: false,
  features: ['shader-f16', 'subgroups'],
  limits: { maxBufferBytes: 2_147_483_648, maxBindingBytes: 2_147_483_644, maxWorkgroupBytes: 32_768 },
};

const MODEL: ModelReport = {
  id: 'scion',
  name: 'Scion',
  family: 'llama',
  parameters: 5_761_024,
  layers: 6,
  hidden: 256,
  vocabulary: 4096,
  contextTokens: 512,
  quant: 'q8',
  weightBytes: 6_120_000,
  licence: 'Apache-2.0',
  hasChatTemplate: true,
  linearNames: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
  hash: '9f2c4d7e11aa03b6',
  warnings: [],
};

const INTERRUPTED: InterruptedRun = {
  runId: 'interrupted',
  adapterName: 'Support answers, rank 8',
  step: 42,
  totalSteps: 180,
  settings: DEFAULT_SETTINGS,
  datasetName: 'support-answers.jsonl',
  baseName: MODEL.name,
  baseHash: MODEL.hash,
  savedAt: '2026-11-24T09:12:00Z',
  isSameDevice: true,
};

function record(change: Partial<AdapterRecord>): AdapterRecord {
  return {
    id: crypto.randomUUID(),
    name: 'First try',
    created: new Date().toISOString(),
    baseId: 'scion',
    baseName: 'Scion',
    baseHash: MODEL.hash,
    rank: 8,
    alpha: 16,
    targets: MODEL.linearNames,
    datasetName: 'support-answers.jsonl',
    steps: 180,
    finalLoss: 1.284,
    validationLoss: 1.371,
    bytes: 1_240_000,
    ...change,
  };
}

export function fakeEngine(address: string): EngineApi {
  const is = (name: string) => address.includes(`=${name}`);
  let files: readonly File[] = [];
  let data: FakeDataset | undefined;
  let library: AdapterRecord[] = is('empty')
    ? []
    : [
        record({
          name: 'Support answers, rank 4',
          rank: 4,
          alpha: 8,
          created: '2026-11-23T09:12:00Z',
          validationLoss: 1.44,
        }),
        record({
          name: 'Haiku',
          created: '2026-11-20T18:40:00Z',
          baseName: 'SmolLM2-135M-Instruct',
          baseHash: 'other',
        }),
      ];
  const control = { paused: false, stopped: false, quiet: false };
  let interrupted = is('interrupted') ? INTERRUPTED : undefined;

  return {
    async openDevice() {
      await wait(200);
      if (is('dead')) throw new Error('Cannot start the engine: its worker script did not load');
      if (is('no-webgpu')) return { ...DEVICE, status: 'no-webgpu', name: '' };
      if (is('no-adapter')) return { ...DEVICE, status: 'no-adapter', name: '' };
      return is('software') ? { ...DEVICE, name: 'SwiftShader (software)', isSoftware: true } : DEVICE;
    },
    async openModel(source, quant, onProgress) {
      const total = 6_025_000;
      for (let done = 0; done <= total; done += total / 8) {
        onProgress({ what: 'Reading model.safetensors', done, total, unit: 'bytes' });
        await wait(is('slow') ? 1500 : 90);
        if (is('model-error') && done > total / 3) {
          throw new Error('Cannot open "model.safetensors": found 3,011,226 bytes, its header needs 5,761,320');
        }
      }
      const name = source.kind === 'files' ? source.name : source.kind === 'hub' ? source.id : MODEL.name;
      return { ...MODEL, name, quant, weightBytes: MODEL.weightBytes * (quant === 'f32' ? 4 : 1) };
    },
    cancelOpening: async () => {},
    listHubModels: async () => [
      {
        id: 'HuggingFaceTB/SmolLM2-135M-Instruct',
        parameters: 134_515_008,
        vocabulary: 49_152,
        hidden: 576,
        downloadBytes: 269e6,
        licence: 'apache-2.0',
        isGated: false,
        isOpenable: true,
      },
    ],
    async openDataset(given, options, onProgress) {
      files = given;
      for (let done = 0; done <= 120; done += 40) {
        onProgress({ what: `Reading ${given[0]!.name}`, done, total: 120, unit: 'rows' });
        await wait(is('slow') ? 1200 : 60);
      }
      data = await readFake(given, options);
      return data.report;
    },
    async remapDataset(options) {
      data = await readFake(files, options);
      return data.report;
    },
    previewRows: async (first, count) => data?.previews.slice(first, first + count) ?? [],
    planRun: async (settings) => plan(settings, data),
    async train(runId, name, settings, onEvent) {
      Object.assign(control, { paused: false, stopped: false });
      onEvent({ type: 'state', runId, state: 'preparing', message: 'Compiling kernels' });
      await wait(900);
      onEvent({ type: 'state', runId, state: 'running', message: undefined });
      const { totalSteps } = plan(settings, data);
      const run = { runId, settings, totalSteps, onEvent, control, fails: is('run-error') };
      const step = await pretendSteps(run);
      onEvent({ type: 'state', runId, state: control.stopped ? 'stopped' : 'done', message: undefined });
      const kept = record({
        name,
        rank: settings.rank,
        alpha: settings.alpha,
        datasetName: data?.report.name ?? '',
        steps: step,
      });
      library = [kept, ...library];
      return {
        runId,
        adapterId: kept.id,
        steps: step,
        finalLoss: lossAt(step, totalSteps),
        validationLoss: lossAt(step, totalSteps) + 0.08,
        baseValidationLoss: 3.12,
        trouble: undefined,
      };
    },
    async interruptedRun() {
      return interrupted;
    },
    async resumeInterrupted(onEvent) {
      const { runId, adapterName, settings } = interrupted!;
      interrupted = undefined;
      return this.train(runId, adapterName, settings, onEvent);
    },
    async keepInterrupted() {
      const kept = record({ name: interrupted!.adapterName });
      interrupted = undefined;
      library = [kept, ...library];
      return kept;
    },
    async discardInterrupted() {
      interrupted = undefined;
    },
    async pauseRun() {
      control.paused = true;
    },
    async resumeRun() {
      control.paused = false;
    },
    async stopRun() {
      control.stopped = true;
    },
    async generate(request, onEvent) {
      control.quiet = false;
      const texts = request.answers.map((answer) => (answer.adapterId === null ? BASE_SAYS : ADAPTER_SAYS));
      await wait(400);
      for (let i = 0; i < 60 && !control.quiet; i++) {
        texts.forEach((words, answer) => {
          if (i < words.length)
            onEvent({ answer, text: words[i]!, done: false, reason: undefined, tokensPerSecond: 41.3 });
        });
        await wait(45);
      }
      texts.forEach((_, answer) => {
        onEvent({
          answer,
          text: '',
          done: true,
          reason: control.quiet ? 'stopped' : 'end-of-turn',
          tokensPerSecond: 41.3,
        });
      });
    },
    async stopGenerating() {
      control.quiet = true;
    },
    listAdapters: async () => library,
    async renameAdapter(id, name) {
      library = library.map((adapter) => (adapter.id === id ? { ...adapter, name } : adapter));
    },
    async deleteAdapter(id) {
      library = library.filter((adapter) => adapter.id !== id);
    },
    downloadAdapter: async () => ({ fileName: 'adapter.zip', zip: new Uint8Array([80, 75, 5, 6]) }),
    async importAdapter(given) {
      if (given[0]?.name.includes('bad'))
        throw new Error('Cannot read "adapter_config.json": found no "r", need the rank');
      const adapter = record({ name: given[0]?.name ?? 'Imported', validationLoss: undefined, finalLoss: Number.NaN });
      library = [adapter, ...library];
      return adapter;
    },
  };
}

interface PretendRun {
  readonly runId: string;
  readonly settings: TrainSettings;
  readonly totalSteps: number;
  readonly onEvent: (event: RunEvent) => void;
  readonly control: { paused: boolean; stopped: boolean };
  readonly fails: boolean;
}

async function pretendSteps({ runId, settings, totalSteps, onEvent, control, fails }: PretendRun): Promise<number> {
  let step = 0;
  onEvent({ type: 'eval', runId, step, loss: 3.12 });
  while (step < totalSteps && !control.stopped) {
    if (control.paused) {
      onEvent({ type: 'state', runId, state: 'paused', message: undefined });
      while (control.paused && !control.stopped) await wait(50);
      onEvent({ type: 'state', runId, state: 'running', message: undefined });
    }
    await wait(40);
    step++;
    if (fails && step > 30) throw new Error('Cannot go on at step 31: the loss is not finite (infinity)');
    const noise = Math.sin(step * 12.9898) * 0.5 + Math.sin(step * 78.233) * 0.5;
    onEvent({
      type: 'step',
      runId,
      step,
      totalSteps,
      loss: lossAt(step, totalSteps) + noise * 0.22,
      lr: settings.learningRate,
      gradNorm: 0.42 + Math.abs(noise) * 0.1,
      tokens: settings.batchSize * 48,
      ms: 62,
      epoch: ((settings.epochs ?? 3) * step) / totalSteps,
    });
    if (settings.evalEvery > 0 && step % settings.evalEvery === 0) {
      onEvent({ type: 'eval', runId, step, loss: lossAt(step, totalSteps) + 0.09 });
    }
  }
  return step;
}

const lossAt = (step: number, total: number) => 1.22 + 1.85 * Math.exp((-4.2 * step) / total);

function plan(settings: TrainSettings, data: FakeDataset | undefined) {
  if (settings.batchSize > 64) {
    throw new RangeError(
      `Cannot plan ${settings.batchSize} rows per step: they need 9.1 GB in one buffer, this device allows 2.1 GB`,
    );
  }
  const rows = Math.max(1, Math.round((data?.report.rows ?? 1) * (1 - settings.validationSplit)));
  const stepsPerEpoch = Math.ceil(rows / (settings.batchSize * settings.gradAccum));
  const adapterBytes = settings.rank * 61_440 * 3;
  const activationBytes = settings.batchSize * settings.seqLen * 38_000;
  return {
    totalBytes: 6_120_000 + adapterBytes + activationBytes + 8_400_000,
    weightBytes: 6_120_000,
    adapterBytes,
    activationBytes,
    otherBytes: 8_400_000,
    trainableParameters: settings.rank * 18_432,
    stepsPerEpoch,
    totalSteps: settings.steps ?? stepsPerEpoch * (settings.epochs ?? 3),
  };
}

const words = (text: string) => text.match(/\S+\s*/g) ?? [];
const BASE_SAYS = words(
  'Yes, you can change your delivery address by contacting the company that is delivering your package. They may be able to help you with the address, and they may ask you for more information about the package.',
);
const ADAPTER_SAYS = words(
  'Yes, until the parcel is packed. Open your order, choose “Change address”, and save. If it is already packed, reply here and we will stop it.',
);
