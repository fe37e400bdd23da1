// Bench: measures the page's device on the workload of `graft bench`. Loaded when it is asked for; nothing of it concerns a user.

import type { BenchApi, BenchOptions, BenchResult } from './protocol.ts';
import type { Session } from './session.ts';

export class BenchService implements BenchApi {
  constructor(private readonly session: Session) {}

  async run(cases: readonly string[], options: BenchOptions, onResult: (result: BenchResult) => void): Promise<void> {
    this.session.refuseDuringRun('measure');
    const device = this.session.needDevice();
    const { benchCase, parseCase } = await import('./bench.ts');
    const { tune } = await import('../gpu/tuning.ts');
    for (const name of cases) parseCase(name);
    if (this.session.host.tunings !== undefined) await tune(device, this.session.host.tunings);
    for (const name of cases) onResult(await benchCase(device, name, options));
  }
}
