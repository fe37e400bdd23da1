// A GPU that fails once, at a call of choice: the real Dawn with every call of its devices counted. What is injected is what
// WebGPU does in trouble: a lost device is really destroyed, a validation error really made; only memory cannot be filled on
// purpose, so that its error is handed out in place of the scope's own.

export type Fault = 'lost' | 'out-of-memory' | 'validation' | 'throw' | 'hang';

export interface ArmedFault {
  /** The number of the call, from 0; of those with the label where one is given, which does not depend on other calls. */
  readonly at: number;
  readonly label?: string;
  readonly fault: Fault;
}

type Method = (...args: never[]) => unknown;

export class FaultyGpu {
  /** All calls since the last `arm`, in order: "device.createBuffer", and the label of what is made. */
  calls: { readonly name: string; readonly label: string }[] = [];
  /** True when the armed fault has come. */
  hasStruck = false;
  private readonly devices: WeakRef<GPUDevice>[] = [];
  private armed: ArmedFault | undefined;
  private memoryError = false;

  constructor(private readonly real: GPU) {}

  /** A call fails once; undefined: none does. Counting starts anew. */
  arm(armed?: ArmedFault): void {
    this.armed = armed;
    this.calls = [];
    this.hasStruck = false;
    this.memoryError = false;
  }

  /** Devices that were opened and are still in memory: after a collection, those that something can reach. */
  get devicesInMemory(): number {
    return this.devices.filter((device) => device.deref() !== undefined).length;
  }

  private isDue(label: string): boolean {
    const { armed, calls } = this;
    if (armed === undefined || this.hasStruck) return false;
    if (armed.label === undefined) return armed.at === calls.length;
    return armed.label === label && armed.at === calls.filter((call) => call.label === label).length;
  }

  get gpu(): GPU {
    return {
      requestAdapter: async (options?: GPURequestAdapterOptions) => {
        const adapter = await this.real.requestAdapter(options);
        if (adapter === null) return null;
        const request = adapter.requestDevice.bind(adapter);
        adapter.requestDevice = async (descriptor) => this.watch(await request(descriptor));
        return adapter;
      },
    } as unknown as GPU;
  }

  private watch(device: GPUDevice): GPUDevice {
    this.devices.push(new WeakRef(device));
    const make = device.createBuffer.bind(device);
    const scopes: GPUErrorFilter[] = [];
    const strike = (name: string, fault: Fault): 'go on' | 'never' => {
      this.hasStruck = true;
      if (fault === 'throw') throw new DOMException(`injected at ${name}`, 'OperationError');
      if (fault === 'lost') device.destroy();
      if (fault === 'validation') make({ label: `injected at ${name}`, size: 4, usage: 0xffff });
      if (fault === 'out-of-memory') this.memoryError = true;
      return fault === 'hang' ? 'never' : 'go on';
    };
    const count = <T extends object>(object: T, kind: string, methods: readonly (keyof T & string)[]): T => {
      for (const method of methods) {
        const real = (object[method] as Method).bind(object);
        const counted = (...args: never[]) => {
          const name = `${kind}.${method}`;
          const label = (args[0] as { label?: string } | undefined)?.label ?? '';
          const armed = this.isDue(label) ? this.armed : undefined;
          this.calls.push({ name, label });
          if (armed !== undefined && strike(name, armed.fault) === 'never') return new Promise(() => {});
          return real(...args);
        };
        Object.defineProperty(object, method, { value: counted, configurable: true });
      }
      return object;
    };
    const child = <T extends object, C extends object>(
      object: T,
      method: keyof T & string,
      watch: (made: C) => C,
    ): void => {
      const outer = (object[method] as Method).bind(object);
      Object.defineProperty(object, method, {
        value: (...args: never[]) => watch(outer(...args) as C),
        configurable: true,
      });
    };

    const push = device.pushErrorScope.bind(device);
    const pop = device.popErrorScope.bind(device);
    device.pushErrorScope = (filter) => {
      scopes.push(filter);
      push(filter);
    };
    device.popErrorScope = async () => {
      const filter = scopes.pop();
      const found = await pop();
      if (filter !== 'out-of-memory' || !this.memoryError) return found;
      this.memoryError = false;
      return new GPUOutOfMemoryError('injected: not enough memory');
    };
    count(device, 'device', [
      'createBuffer',
      'createBindGroup',
      'createShaderModule',
      'createComputePipelineAsync',
      'createCommandEncoder',
    ]);
    count(device.queue, 'queue', ['submit', 'writeBuffer', 'onSubmittedWorkDone']);
    child<GPUDevice, GPUBuffer>(device, 'createBuffer', (buffer) =>
      count(buffer, 'buffer', ['mapAsync', 'getMappedRange', 'unmap']),
    );
    child<GPUDevice, GPUCommandEncoder>(device, 'createCommandEncoder', (encoder) => {
      count(encoder, 'encoder', ['beginComputePass', 'copyBufferToBuffer', 'clearBuffer', 'finish']);
      child<GPUCommandEncoder, GPUComputePassEncoder>(encoder, 'beginComputePass', (pass) =>
        count(pass, 'pass', ['setPipeline', 'setBindGroup', 'dispatchWorkgroups', 'end']),
      );
      return encoder;
    });
    return device;
  }
}
