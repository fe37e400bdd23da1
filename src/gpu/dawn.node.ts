// WebGPU in Node: Dawn, with waits that leave the processor to the work.
//
// While something is awaited, Dawn's binding asks in every turn of the event loop whether it is there (a setImmediate that sets
// the next). On a software adapter that question takes a whole core from the shaders: half of the machine, where there are two.
// Here it is asked in every turn only at first, so that short waits stay short, and once a millisecond from then on.

import { setImmediate, setTimeout } from 'node:timers';
import { create, globals } from 'webgpu';

/** How long a wait is asked after without a pause: most of a small test's are over by then. */
const EAGER_MS = 1;
const PAUSE_MS = 1;

/** The calls that Dawn's binding waits for. */
const WAITS = {
  GPU: ['requestAdapter'],
  GPUAdapter: ['requestDevice'],
  GPUDevice: ['createComputePipelineAsync', 'popErrorScope'],
  GPUShaderModule: ['getCompilationInfo'],
  GPUQueue: ['onSubmittedWorkDone'],
  GPUBuffer: ['mapAsync'],
} as const;

// WebGPU's names (GPUBufferUsage, …), which a plan without a GPU needs too.
Object.assign(globalThis, globals);
makeWaitsGentle();

let gpu: GPU | undefined;
let began = 0;

/**
 * The one GPU object of this thread. It stays referenced: Dawn aborts the process when it is collected. GRAFT_DAWN has options for it,
 * with spaces between: enable-dawn-features=allow_unsafe_apis offers what is still an experiment, subgroup matrices for one.
 */
export function openDawn(): GPU {
  gpu ??= create(process.env.GRAFT_DAWN?.split(' ').filter(Boolean) ?? []) as unknown as GPU;
  return gpu;
}

type Method = (this: unknown, ...given: unknown[]) => unknown;

function makeWaitsGentle(): void {
  for (const [name, methods] of Object.entries(WAITS)) {
    const { prototype } = (globals as Record<string, { readonly prototype: Record<string, Method> }>)[name]!;
    for (const method of methods) {
      const wait = prototype[method]!;
      prototype[method] = function (...given) {
        began = performance.now();
        return withTicks(() => wait.apply(this, given));
      };
    }
  }
}

/** Runs `call` where Dawn, which looks the global setImmediate up for each of its questions, finds the gentle one. */
function withTicks<T>(call: () => T): T {
  const usual = globalThis.setImmediate;
  globalThis.setImmediate = askLater as typeof globalThis.setImmediate;
  try {
    return call();
  } finally {
    globalThis.setImmediate = usual;
  }
}

function askLater(ask: () => void): void {
  if (performance.now() - began < EAGER_MS) setImmediate(() => withTicks(ask));
  else setTimeout(() => withTicks(ask), PAUSE_MS);
}
