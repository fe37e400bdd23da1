// How far a long call has come.

export interface Progress {
  readonly what: string;
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes' | 'rows' | 'kernels' | 'adapters';
}

/** Called with progress; pass through comlink's `proxy` when crossing to the worker (client.ts does). */
export type OnProgress = (progress: Progress) => void;
