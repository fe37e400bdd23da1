// The engine as the page sees it: a service for each place of the page, and one for token x-ray, over one session. Knows nothing
// of workers, the DOM or Node. What a step does is in src/train, what a file holds in src/lora/files.

import { BaseService } from './base-service.ts';
import { BenchService } from './bench-service.ts';
import { DataService } from './data-service.ts';
import { LabService } from './lab-service.ts';
import { LibraryService } from './library-service.ts';
import { PlayService } from './play-service.ts';
import type { EngineApi } from './protocol.ts';
import { RunService } from './run-service.ts';
import { RunsService } from './runs-service.ts';
import { type EngineHost, Session } from './session.ts';
import { XrayService } from './xray-service.ts';

export function createEngine(host: EngineHost): EngineApi {
  const session = new Session(host);
  const base = new BaseService(session);
  const data = new DataService(session);
  const library = new LibraryService(session);
  return {
    base,
    data,
    run: new RunService(session, base, data, library),
    runs: new RunsService(session, library),
    play: new PlayService(session, base, library),
    library,
    lab: new LabService(session, library),
    xray: new XrayService(session, library),
    bench: new BenchService(session),
  };
}
