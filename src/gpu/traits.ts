// What kernels may know of a device when they choose a variant: facts, no GPU objects, so that a graph can be built and
// planned without a device (`graft plan`) and a test can ask for a variant that this machine would not choose.

export interface Traits {
  /** `cpu`: SwiftShader, lavapipe, WARP, where barriers are expensive and registers are everything. On `gpu` the reverse. */
  readonly kind: 'cpu' | 'gpu';
  readonly maxBindingBytes: number;
  readonly maxBufferBytes: number;
  readonly maxWorkgroupBytes: number;
  readonly maxInvocations: number;
  /** Storage buffers that a shader can bind. */
  readonly maxStorageBuffers: number;
  readonly hasF16: boolean;
  readonly hasSubgroups: boolean;
  /** Invocations of a subgroup when it is the same for every pipeline, else 0. */
  readonly subgroupSize: number;
  /** The most invocations that a subgroup can have; 0 without subgroups. */
  readonly subgroupMaxSize: number;
  /** Products of small matrices that a subgroup makes as a whole, in the device's own order. */
  readonly matrices: readonly MatrixSize[];
  /** Which product variants to use, by name (kernels/product-variants.ts). Absent: traits alone decide. */
  readonly products?: {
    /** Used wherever they can run, in order of preference. */
    readonly asked?: readonly string[];
    /** The fastest of each class of shapes, as measured on this device. */
    readonly measured?: Readonly<Record<string, string>>;
  };
}

/** M x K by K x N, summed in f32 (WGSL's chromium_experimental_subgroup_matrix). */
export interface MatrixSize {
  /** Of what is multiplied. */
  readonly component: 'f32' | 'f16';
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** WebGPU's guaranteed limits: what any device can do. */
export const BASE_TRAITS: Traits = {
  kind: 'gpu',
  maxBindingBytes: 128 << 20,
  maxBufferBytes: 256 << 20,
  maxWorkgroupBytes: 16384,
  maxInvocations: 256,
  maxStorageBuffers: 8,
  hasF16: false,
  hasSubgroups: false,
  subgroupSize: 0,
  subgroupMaxSize: 0,
  matrices: [],
};
