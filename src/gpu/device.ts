// A WebGPU device with what Graft needs around it: limits asked for, pipelines cached, every error fatal and named.
// An uncaptured error must stop the run: a peer whose 10 GB buffer was refused went on with a silently wrong loss.

import { loadShader, type ShaderRef, type ShaderSource, shaderKey } from './shader.ts';
import type { Traits } from './traits.ts';

export class DeviceLostError extends Error {
  override name = 'DeviceLostError';
}
export class OutOfMemoryError extends Error {
  override name = 'OutOfMemoryError';
  constructor(
    message: string,
    readonly bytes: number,
  ) {
    super(message);
  }
}

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly source: ShaderSource;
}

/** Adapters whose work is done by the processor; WebGPU's own flag is missing on some of them. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|microsoft basic render|warp/i;

export class Device {
  readonly traits: Traits;
  readonly name: string;
  readonly isSoftware: boolean;
  /** Work per submit; tuned by `measured` so that a submit stays near 200 ms. */
  flopsPerSubmit: number;
  private readonly pipelines = new Map<string, Promise<Pipeline>>();
  private failure: Error | undefined;
  private fail!: (error: Error) => void;
  private readonly failed = new Promise<never>((_, reject) => {
    this.fail = (error) => {
      this.failure ??= error;
      reject(error);
    };
  });

  private constructor(
    readonly gpu: GPUDevice,
    readonly info: GPUAdapterInfo,
  ) {
    this.failed.catch(() => {});
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
      hasF16: features.has('shader-f16'),
      hasSubgroups: features.has('subgroups'),
      subgroupSize:
        features.has('subgroups') && info.subgroupMinSize === info.subgroupMaxSize ? (info.subgroupMinSize ?? 0) : 0,
    };
    gpu.addEventListener('uncapturederror', (event) =>
      this.fail(new Error(`Cannot go on: the GPU reported "${event.error.message}"`)),
    );
    void gpu.lost.then((lost) =>
      this.fail(
        new DeviceLostError(`Cannot go on: the GPU device was lost (${lost.reason || 'unknown'}: ${lost.message})`),
      ),
    );
  }

  /** Asks for the adapter's own limits and the features that kernels can use. Throws when there is no adapter. */
  static async open(gpu: GPU): Promise<Device> {
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter === null) throw new Error('Cannot open a GPU: found no WebGPU adapter, need one');
    const wanted: GPUFeatureName[] = ['shader-f16', 'subgroups' as GPUFeatureName, 'timestamp-query'];
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
    return new Device(gpuDevice, adapter.info);
  }

  pipelineKey(ref: ShaderRef): string {
    return shaderKey(ref);
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
      throw new OutOfMemoryError(`Cannot allocate "${label}" (${size} bytes): ${(full ?? invalid)!.message}`, size);
    return buffer;
  }

  /** The promise, or the device's failure if that comes first. */
  guard<T>(promise: Promise<T>): Promise<T> {
    return this.failure !== undefined ? Promise.reject(this.failure) : Promise.race([promise, this.failed]);
  }

  destroy(): void {
    this.gpu.destroy();
  }
}

function deviceName(info: GPUAdapterInfo): string {
  const text = info.description || [info.vendor, info.architecture, info.device].filter(Boolean).join(' ');
  return text.replace(/\s*\(LLVM[^)]*\)/, '') || 'unknown GPU';
}
