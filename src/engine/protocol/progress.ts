// How far a long call has come.

import type { Standstill } from '../../model/hub/hub-requests.ts';

export type { Standstill };

export interface Progress {
  readonly what: string;
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes' | 'rows' | 'kernels' | 'adapters';
  /** A download that brings nothing just now, and goes on by itself. */
  readonly standstill?: Standstill;
}

/** Called with progress; pass through comlink's `proxy` when crossing to the worker (client.ts does). */
export type OnProgress = (progress: Progress) => void;
