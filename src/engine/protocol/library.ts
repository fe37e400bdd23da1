// Library: adapters that were kept.

import type { Verification } from '../receipt/verify-adapter.ts';

export type { Check, CheckName, Verification } from '../receipt/verify-adapter.ts';

/** What the library stores and shows of an adapter; its tensors stand beside it under the same id. */
export interface AdapterRecord {
  readonly id: string;
  readonly name: string;
  /** ISO 8601. */
  readonly created: string;
  readonly baseId: string;
  readonly baseName: string;
  readonly baseHash: string;
  readonly rank: number;
  readonly alpha: number;
  readonly targets: readonly string[];
  readonly datasetName: string;
  readonly steps: number;
  readonly finalLoss: number;
  readonly validationLoss: number | undefined;
  readonly bytes: number;
}

export interface LibraryApi {
  listAdapters(): Promise<readonly AdapterRecord[]>;
  renameAdapter(id: string, name: string): Promise<void>;
  deleteAdapter(id: string): Promise<void>;
  /** A zip of a PEFT folder: adapter_config.json, adapter_model.safetensors, README.md, and graft_receipt.json. */
  downloadAdapter(id: string): Promise<{ readonly fileName: string; readonly zip: Uint8Array }>;
  /** Opens the kept files as a stranger's are opened and holds them against their receipt and the open base. */
  verifyAdapter(id: string): Promise<Verification>;
  /** A PEFT folder's files or such a zip becomes an adapter of the library. */
  importAdapter(files: readonly File[]): Promise<AdapterRecord>;
}
