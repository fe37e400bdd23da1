// Library: adapters that were kept.

import type { Prompting } from '../../data/prompting.ts';
import type { TrainSettings } from '../../train/recipe.ts';
import type { ExportFormat } from '../export-adapter.ts';
import type { Verification } from '../receipt/verify-adapter.ts';
import type { OnProgress } from './progress.ts';

export type { ExportFormat } from '../export-adapter.ts';
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
  /** Of its linears; absent in records of older versions. */
  readonly baseQuant?: string | undefined;
  /** "IA³"; absent in records of older versions, which are LoRAs. */
  readonly method?: string | undefined;
  /** Of a LoRA; else 0. */
  readonly rank: number;
  readonly alpha: number;
  readonly targets: readonly string[];
  readonly datasetName: string;
  readonly steps: number;
  readonly finalLoss: number;
  readonly validationLoss: number | undefined;
  readonly bytes: number;
  /** What it was trained with, where that is known; absent in records of older versions, as is all below. */
  readonly recipe?: TrainSettings | undefined;
  /** How its rows put a question, where all did it alike. */
  readonly prompting?: Prompting | undefined;
  /** Losses of its run, thinned for a small picture. */
  readonly curve?: readonly number[] | undefined;
  readonly tags?: readonly string[];
  /** Why it is in this tab's memory alone: the storage has refused it. Absent: it is stored. */
  readonly unsaved?: string | undefined;
  /** ISO 8601; of one that can still be brought back. */
  readonly deleted?: string | undefined;
}

/** What a backup has brought. */
export interface Restored {
  readonly adapters: number;
  /** Adapters that were there already. */
  readonly known: number;
  /** What the page had given to `backup`. */
  readonly page: Readonly<Record<string, string>>;
}

export interface ExportedFile {
  readonly fileName: string;
  /** On the disk where the browser has a file system for the page. */
  readonly file: Blob;
  /** What a user has to know, one sentence each. */
  readonly notices: readonly string[];
}

export interface PushTarget {
  /** "user/name"; made where it is not there. */
  readonly repo: string;
  readonly token: string;
  readonly isPrivate: boolean;
}

export interface LibraryApi {
  /** Without those that are deleted. */
  listAdapters(): Promise<readonly AdapterRecord[]>;
  renameAdapter(id: string, name: string): Promise<void>;
  tagAdapter(id: string, tags: readonly string[]): Promise<void>;
  /** A second one of the same files, under a name that says so. */
  duplicateAdapter(id: string, name: string): Promise<AdapterRecord>;
  /** It can be brought back for a week. */
  deleteAdapter(id: string): Promise<void>;
  listDeleted(): Promise<readonly AdapterRecord[]>;
  restoreAdapter(id: string): Promise<void>;
  /** Frees what deleted adapters hold, for good. */
  purgeDeleted(): Promise<void>;
  /** All adapters, and `page`, which are the page's own notes, in one zip file. */
  backup(page: Readonly<Record<string, string>>, onProgress: OnProgress): Promise<Blob>;
  /** Adds what a backup holds; nothing that is there is changed. Throws a sentence for a file that is none. */
  restoreBackup(file: File, onProgress: OnProgress): Promise<Restored>;
  /** A zip of a PEFT folder: adapter_config.json, adapter_model.safetensors, README.md, and graft_receipt.json. */
  downloadAdapter(id: string): Promise<{ readonly fileName: string; readonly zip: Uint8Array }>;
  /** The adapter for another program, or merged into the open base; a folder comes as a zip. Progress in bytes. */
  exportAdapter(id: string, format: ExportFormat, onProgress: OnProgress): Promise<ExportedFile>;
  /** The adapter as one commit to a repository of the Hub; the token goes there and is forgotten. Progress in bytes. */
  pushAdapter(id: string, target: PushTarget, onProgress: OnProgress): Promise<{ readonly url: string }>;
  /** Opens the kept files as a stranger's are opened and holds them against their receipt and the open base. */
  verifyAdapter(id: string): Promise<Verification>;
  /** A PEFT folder's files or such a zip becomes an adapter of the library. */
  importAdapter(files: readonly File[]): Promise<AdapterRecord>;
}
