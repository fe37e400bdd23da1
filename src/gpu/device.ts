// A WebGPU device with what Graft needs around it: limits asked for, pipelines cached, every error fatal and named.
// An uncaptured error must stop the run: a peer whose 10 GB buffer was refused went on with a silently wrong loss.

import { Alarm } from './alarm.ts';
import { loadShader, type ShaderRef, type ShaderSource, shaderKey } from './shader.ts';
import type { MatrixSize, Traits } from './traits.ts';

/** The GPU itself failed, not the numbers or the input: work can continue from its last state on a new device. */
export class GpuFaultError extends Error {
  override name = 'GpuFaultError';
}
export class DeviceLostError extends GpuFaultError {
  override name = 'DeviceLostError';
}
export class OutOfMemoryError extends GpuFaultError {
  override name = 'OutOfMemoryError';
}

/**
 * A readback that takes longer than this counts as lost: submits are cut to some 200 ms, and a step that needs minutes is of
 * no use. Software adapters get more, because there a step of a real model may well take minutes.
 */
const PATIENCE_MS = { gpu: 180_000, cpu: 1_800_000 };
/** The timeout is counted in parts: a machine that sleeps for hours uses up one part, and the GPU still has the others. */
const PARTS_OF_PATIENCE = 6;
/** A lost device rejects promises a moment before it reports that it is lost. */
const LOST_SOON_MS = 200;

/** As WebGPU's adapter info lists it. Sums of f32 are of f32 or f16, those of whole numbers whole numbers. */
interface OfferedMatrix {
  readonly componentType: MatrixSize['component'];
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly source: ShaderSource;
}

/** Software adapters; some of them lack WebGPU's own flag. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|microsoft basic render|warp/i;

/** Dawn's experiment: browsers and Node have it only where unsafe WebGPU is switched on. */
export const MATRICES = 'chromium-experimental-subgroup-matrix' as GPUFeatureName;

export class Device {
  /** Facts, and which variants were found the best here (tuning.ts). */
  traits: Traits;
  readonly name: string;
  readonly isSoftware: boolean;
  /** Milliseconds that programs have spent encoding and submitting, for benchmarks. */
  hostMs = 0;
  /** Work per submit: some 200 ms of it on a slow adapter of either kind. */
  readonly flopsPerSubmit: number;
  private readonly pipelines = new Map<string, Promise<Pipeline>>();
  private readonly alarm = new Alarm<GpuFaultError>();

  private constructor(
    readonly gpu: GPUDevice,
    readonly info: GPUAdapterInfo,
    /** Longest wait for a readback; by kind of adapter when absent. */
    private readonly patienceMs?: number,
  ) {
    const description = [info.vendor, info.architecture, info.device, info.description].join(' ');
    this.isSoftware = info.isFallbackAdapter === true || SOFTWARE.test(description);
    this.name = deviceName(info) + (this.isSoftware ? ' (software)' : '');
    this.flopsPerSubmit = this.isSoftware ? 2e9 : 2e11;
    const { limits, features } = gpu;
    this.traits = {
      kind: this.isSoftware ? 'cpu' : 'gpu',
      maxBindingBytes: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
      maxBufferBytes: limits.maxBufferSize,
      maxWorkgroupBytes: limits.maxComputeWorkgroupStorageSize,
      maxInvocations: limits.maxComputeInvocationsPerWorkgroup,
      maxStorageBuffers: limits.maxStorageBuffersPerShaderStage,
      hasF16: features.has('shader-f16'),
      hasSubgroups: features.has('subgroups'),
      subgroupSize:
        features.has('subgroups') && info.subgroupMinSize === info.subgroupMaxSize ? (info.subgroupMinSize ?? 0) : 0,
      subgroupMaxSize: features.has('subgroups') ? (info.subgroupMaxSize ?? 0) : 0,
      matrices: features.has(MATRICES) ? readMatrices(info) : [],
    };
    watchErrors(gpu, this.alarm);
  }

  /** Requests the adapter's own limits and the features that kernels can use. Throws when there is no adapter. */
  static async open(gpu: GPU, options: { readonly patienceMs?: number } = {}): Promise<Device> {
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter === null) throw new Error('Cannot open a GPU: found no WebGPU adapter, need one');
    const wanted: GPUFeatureName[] = ['shader-f16', 'subgroups' as GPUFeatureName, MATRICES, 'timestamp-query'];
    const { limits } = adapter;
    const gpuDevice = await adapter.requestDevice({
      label: 'graft',
      requiredFeatures: wanted.filter((f) => adapter.features.has(f)),
      requiredLimits: {
        maxBufferSize: limits.maxBufferSize,
        maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
        maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
        maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
        maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
        maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      },
    });
    return new Device(gpuDevice, adapter.info, options.patienceMs);
  }

  /** For graphs that are built from now on. */
  takeProducts(products: NonNullable<Traits['products']>): void {
    this.traits = { ...this.traits, products };
  }

  /** Compiles once per ref. A compile error names the shader file and line. */
  pipeline(ref: ShaderRef): Promise<Pipeline> {
    const key = shaderKey(ref);
    let entry = this.pipelines.get(key);
    if (entry === undefined) {
      entry = this.compile(ref);
      this.pipelines.set(key, entry);
    }
    return entry;
  }

  private async compile(ref: ShaderRef): Promise<Pipeline> {
    const source = loadShader(ref);
    this.gpu.pushErrorScope('validation');
    const module = this.gpu.createShaderModule({ label: ref.file, code: source.code });
    const info = await module.getCompilationInfo();
    const errors = info.messages
      .filter((m) => m.type === 'error')
      .map((m) => `${source.locate(m.lineNum)}: ${m.message}`);
    const constants = ref.overrides;
    const pipeline = await this.gpu
      .createComputePipelineAsync({
        label: ref.file,
        layout: 'auto',
        compute: { module, entryPoint: 'main', ...(constants && { constants: { ...constants } }) },
      })
      .catch((error: Error) => error);
    const scope = await this.gpu.popErrorScope();
    if (errors.length > 0) throw new SyntaxError(`Cannot compile shader: ${errors.join('\n')}`);
    if (pipeline instanceof Error) throw new Error(`Cannot make pipeline "${ref.file}": ${pipeline.message}`);
    if (scope !== null) throw new Error(`Cannot make pipeline "${ref.file}": ${scope.message}`);
    return { pipeline, source };
  }

  /** A buffer, or OutOfMemoryError. */
  async allocate(label: string, size: number, usage: number): Promise<GPUBuffer> {
    this.gpu.pushErrorScope('out-of-memory');
    this.gpu.pushErrorScope('validation');
    const buffer = this.gpu.createBuffer({ label, size, usage });
    const invalid = await this.gpu.popErrorScope();
    const full = await this.gpu.popErrorScope();
    if (full !== null || invalid !== null)
      throw new OutOfMemoryError(`Cannot allocate "${label}" (${readable(size)}): ${(full ?? invalid)!.message}`);
    return buffer;
  }

  /** What has gone wrong with the device since it was opened; a device with a fault must not be used any more. */
  get fault(): GpuFaultError | undefined {
    return this.alarm.failure;
  }

  /** Settles as the promise does, or rejects with the device's fault if that comes first. An endless wait is a fault too. */
  async guard<T>(promise: Promise<T>): Promise<T> {
    const patienceMs = this.patienceMs ?? PATIENCE_MS[this.traits.kind];
    let left = PARTS_OF_PATIENCE;
    const timer = setInterval(() => {
      left--;
      if (left > 0) return;
      this.alarm.ring(new DeviceLostError(`Cannot go on: the GPU did not answer within ${patienceMs / 1000} s`));
      this.gpu.destroy();
    }, patienceMs / PARTS_OF_PATIENCE);
    try {
      return await this.alarm.guard(promise);
    } catch (error) {
      const gaveUp = error instanceof DOMException ? faultOf(error) : error;
      throw (await this.faultBehind(gaveUp)) ?? error;
    } finally {
      clearInterval(timer);
    }
  }

  /** The device's fault behind an error; undefined when the device is fine and the error has another cause. */
  async faultBehind(error: unknown): Promise<GpuFaultError | undefined> {
    if (error instanceof GpuFaultError) return this.fault ?? error;
    const soon = new Promise<void>((resolve) => setTimeout(resolve, LOST_SOON_MS));
    await this.alarm.guard(soon).catch(() => {});
    if (this.fault !== undefined) return this.fault;
    const fault = gpuFaultIn(error);
    // Whatever its calls left half done, an error scope for one, is not to be built upon.
    if (fault !== undefined) this.alarm.ring(fault);
    return fault;
  }

  destroy(): void {
    this.gpu.destroy();
  }
}

/**
 * Rings the alarm at whatever the device reports. Dawn for Node roots what listens for as long as the device is there, so nothing in
 * its reach may lead back to the device (an error does, by its stack): else the device is never collected, nor its threads and some
 * 20 MB on lavapipe.
 */
function watchErrors(gpu: GPUDevice, alarm: Alarm<GpuFaultError>): void {
  const heard = new WeakRef(alarm);
  gpu.addEventListener('uncapturederror', ({ error }) => {
    const sentence = `Cannot go on: the GPU reported "${error.message}"`;
    heard.deref()?.ring(isOutOfMemory(error) ? new OutOfMemoryError(sentence) : new GpuFaultError(sentence));
  });
  void gpu.lost.then((lost) =>
    heard
      .deref()
      ?.ring(
        new DeviceLostError(`Cannot go on: the GPU device was lost (${lost.reason || 'unknown'}: ${lost.message})`),
      ),
  );
}

/** A fault that an error tells by itself, without a device to ask: WebGPU's own calls throw OperationError when a driver gives up. */
export function gpuFaultIn(error: unknown): GpuFaultError | undefined {
  if (error instanceof GpuFaultError) return error;
  return error instanceof DOMException && error.name === 'OperationError' ? faultOf(error) : undefined;
}

function faultOf(error: DOMException): GpuFaultError {
  return new GpuFaultError(`Cannot go on: the GPU gave up (${error.message || error.name})`);
}

function isOutOfMemory(error: GPUError): boolean {
  return typeof GPUOutOfMemoryError === 'function' && error instanceof GPUOutOfMemoryError;
}

/** Those of floats that are summed in f32. */
function readMatrices(info: GPUAdapterInfo): MatrixSize[] {
  const { subgroupMatrixConfigs = [] } = info as { readonly subgroupMatrixConfigs?: Iterable<OfferedMatrix> };
  return [...subgroupMatrixConfigs]
    .filter(({ resultComponentType }) => resultComponentType === 'f32')
    .map(({ componentType, M, N, K }) => ({ component: componentType, M, N, K }));
}

function deviceName(info: GPUAdapterInfo): string {
  const text = info.description || [info.vendor, info.architecture, info.device].filter(Boolean).join(' ');
  return text.replace(/\s*\(LLVM[^)]*\)/, '') || 'unknown GPU';
}

function readable(bytes: number): string {
  return bytes < 1e5 ? `${bytes} bytes` : `${(bytes / 1e6).toFixed(1)} MB`;
}
