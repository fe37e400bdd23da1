// The open dataset is kept for the next visit, edits and all, a moment after each change: only what is new is written.

import { type DatasetState, EditableDataset } from '../data/editable-dataset.ts';
import type { DatasetStore } from '../storage/dataset-store.ts';
import type { DatasetOptions } from './protocol.ts';

export interface KeptDataset {
  readonly table: DatasetState;
  readonly options: DatasetOptions;
}

/** Larger ones would fill a browser's storage; their files are read again in seconds. */
const MAX_KEPT_BYTES = 256 * 1024 * 1024;
/** Edits come in bursts. */
const PAUSE_MS = 500;

export class DatasetKeeper {
  /** Why the dataset is not kept; undefined while it is. */
  problem: string | undefined;
  private kept: { readonly id: string; readonly table: EditableDataset; readonly blocks: number } | undefined;
  private soon: ReturnType<typeof setTimeout> | undefined;
  private saving: Promise<void> = Promise.resolve();

  constructor(private readonly store: DatasetStore<KeptDataset> | undefined) {}

  /** The dataset of the last visit. */
  async load(): Promise<{ readonly table: EditableDataset; readonly options: DatasetOptions } | undefined> {
    const found = await this.store?.load();
    if (found === undefined) return undefined;
    const table = new EditableDataset({ state: found.state.table, blocks: found.blocks });
    this.kept = { id: found.id, table, blocks: found.blocks.length };
    return { table, options: found.state.options };
  }

  /** Writes soon; what comes before then is written with it. */
  keep(table: EditableDataset, options: DatasetOptions): void {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => {
      this.saving = this.saving.then(() => this.write(table, options));
    }, PAUSE_MS);
  }

  async forget(): Promise<void> {
    clearTimeout(this.soon);
    this.kept = undefined;
    this.problem = undefined;
    this.saving = this.saving.then(() => this.store?.clear()).catch(() => {});
    await this.saving;
  }

  private async write(table: EditableDataset, options: DatasetOptions): Promise<void> {
    if (this.store === undefined) return;
    const known = this.kept?.table === table ? this.kept : undefined;
    const id = known?.id ?? crypto.randomUUID();
    // The last block that was written may have grown since.
    const firstChanged = Math.max(0, (known?.blocks ?? 0) - 1);
    const { blocks, byteLength } = table.store;
    try {
      if (byteLength > MAX_KEPT_BYTES)
        throw new RangeError(
          `it has ${Math.round(byteLength / 1e6)} MB, need at most ${Math.round(MAX_KEPT_BYTES / 1e6)} MB`,
        );
      const count = blocks.length;
      await this.store.save(id, { table: table.state, options }, blocks.slice(), firstChanged);
      this.kept = { id, table, blocks: count };
      this.problem = undefined;
    } catch (error) {
      this.problem = (error as Error).message;
    }
  }
}
