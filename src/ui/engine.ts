// The engine this page talks to: set once, before anything is drawn.
import type { EngineApi } from '../engine/protocol.ts';
import { noteError } from './report/error-log.ts';

let current: EngineApi | undefined;

export function setEngine(engine: EngineApi): void {
  current = engine;
}

export function engine(): EngineApi {
  if (!current) throw new Error('Cannot reach the engine: the page has not started it');
  return current;
}

/** The engine's sentence, as it is; noted for the record of a bug report. */
export function sentence(error: unknown): string {
  noteError(error);
  return error instanceof Error ? error.message : String(error);
}
