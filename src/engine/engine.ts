// The engine as the page sees it: a service for each place of the page, and one for token x-ray, over one session. Knows nothing
// of workers, the DOM or Node. What a step does is in src/train, what a file holds in src/lora/files.

import { BaseService } from './base-service.ts';
import { DataService } from './data-service.ts';
import { LibraryService } from './library-service.ts';
import type { EngineApi } from './protocol.ts';
import { type EngineHost, Session } from './session.ts';

export function createEngine(host: EngineHost): EngineApi {
  const session = new Session(host);
  const base = new BaseService(session);
  const data = new DataService(session);
  const library = new LibraryService(session);
  return {
    base,
    data,
    run: whenAsked(async () => new (await import('./run-service.ts')).RunService(session, base, data, library)),
    runs: whenAsked(async () => new (await import('./runs-service.ts')).RunsService(session, library)),
    play: whenAsked(async () => new (await import('./play-service.ts')).PlayService(session, base, library)),
    library,
    lab: whenAsked(async () => new (await import('./lab-service.ts')).LabService(session, library)),
    xray: whenAsked(async () => new (await import('./xray-service.ts')).XrayService(session, library)),
    bench: whenAsked(async () => new (await import('./bench-service.ts')).BenchService(session)),
  };
}

/** A service whose code is fetched when it is first asked for something: a first visit does not wait for it. */
function whenAsked<Service extends object>(open: () => Promise<Service>): Service {
  let opened: Promise<Service> | undefined;
  const ask = async (name: string | symbol, args: unknown[]) => {
    opened ??= open();
    const service = (await opened) as Record<string | symbol, (...args: unknown[]) => unknown>;
    return service[name]!(...args);
  };
  // A promise looks for `then` to know its like.
  return new Proxy({} as Service, {
    get: (_, name) => (name === 'then' ? undefined : (...args: unknown[]) => ask(name, args)),
  });
}
