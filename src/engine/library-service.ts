// Library: adapters stored in this browser; imports and exports them, and loads them onto the device.

import type { Adapter } from '../lora/adapter.ts';
import type { FlatAdapter } from '../lora/flat-adapter.ts';
import { fileFromBlob, fileFromBytes } from '../model/model-file.ts';
import type { RunFacts } from './card-facts.ts';
import {
  type AdapterRecord,
  type ExportedFile,
  type ExportFormat,
  type LibraryApi,
  MOST_ANSWERS,
  type OnProgress,
  type PushTarget,
  type Restored,
} from './protocol.ts';
import type { Probe } from './receipt/probe.ts';
import type { Provenance } from './receipt/receipt.ts';
import type { Verification } from './receipt/verify-adapter.ts';
import type { Session } from './session.ts';

/** A week: long enough to notice that one is missing. */
const KEEP_DELETED_MS = 7 * 24 * 3600 * 1000;
/** Adapters that stay on the device at once: as many as answer side by side. */
const MOST_LOADED = MOST_ANSWERS;
/** Points of an adapter's small curve. */
const CURVE_POINTS = 60;

export class LibraryService implements LibraryApi {
  constructor(private readonly session: Session) {}

  async listAdapters(): Promise<readonly AdapterRecord[]> {
    const records = await this.session.host.adapters.list();
    return records.filter(({ deleted }) => deleted === undefined).sort((a, b) => (a.created < b.created ? 1 : -1));
  }

  async renameAdapter(id: string, name: string): Promise<void> {
    await this.session.host.adapters.update({ ...(await this.record(id)), name });
  }

  async tagAdapter(id: string, tags: readonly string[]): Promise<void> {
    await this.session.host.adapters.update({ ...(await this.record(id)), tags: [...new Set(tags)] });
  }

  async duplicateAdapter(id: string, name: string): Promise<AdapterRecord> {
    const record = { ...(await this.record(id)), id: crypto.randomUUID(), name, created: new Date().toISOString() };
    await this.session.host.adapters.save(record, await this.session.host.adapters.files(id));
    return record;
  }

  async deleteAdapter(id: string): Promise<void> {
    if (this.session.loaded.has(id)) await this.session.endAnswers();
    this.session.loaded.get(id)?.destroy();
    this.session.loaded.delete(id);
    await this.session.host.adapters.update({ ...(await this.record(id)), deleted: new Date().toISOString() });
  }

  /** Removes those deleted longer ago than that for good. */
  async listDeleted(): Promise<readonly AdapterRecord[]> {
    const oldest = new Date(Date.now() - KEEP_DELETED_MS).toISOString();
    const left: AdapterRecord[] = [];
    for (const record of await this.session.host.adapters.list()) {
      if (record.deleted === undefined) continue;
      if (record.deleted < oldest) await this.session.host.adapters.remove(record.id);
      else left.push(record);
    }
    return left.sort((a, b) => (a.deleted! < b.deleted! ? 1 : -1));
  }

  async restoreAdapter(id: string): Promise<void> {
    await this.session.host.adapters.update({ ...(await this.record(id)), deleted: undefined });
  }

  async purgeDeleted(): Promise<void> {
    for (const { id } of await this.listDeleted()) await this.session.host.adapters.remove(id);
  }

  async backup(page: Readonly<Record<string, string>>, onProgress: OnProgress): Promise<Blob> {
    const { writeBackup } = await import('./backup.ts');
    return writeBackup(this.session.host.adapters, page, onProgress);
  }

  async restoreBackup(file: File, onProgress: OnProgress): Promise<Restored> {
    const { readBackup } = await import('./backup.ts');
    return readBackup(this.session.host.adapters, file, onProgress);
  }

  async downloadAdapter(id: string): Promise<{ readonly fileName: string; readonly zip: Uint8Array }> {
    const { name } = await this.record(id);
    const files = await this.session.host.adapters.files(id);
    const safe = name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '') || 'adapter';
    const { zipAdapter } = await import('../lora/files/zip-adapter.ts');
    return { fileName: `${safe}.zip`, zip: zipAdapter([...files].map(([file, bytes]) => ({ name: file, bytes }))) };
  }

  async exportAdapter(id: string, format: ExportFormat, onProgress: OnProgress): Promise<ExportedFile> {
    const { exportFromLibrary } = await import('./library-export.ts');
    return exportFromLibrary(this.session, await this.record(id), { format }, onProgress);
  }

  async pushAdapter(id: string, target: PushTarget, onProgress: OnProgress): Promise<{ readonly url: string }> {
    const { pushFromLibrary } = await import('./library-export.ts');
    return pushFromLibrary(this.session, await this.record(id), target, onProgress);
  }

  async importAdapter(files: readonly File[]): Promise<AdapterRecord> {
    const model = this.session.needModel();
    const isZip = files.length === 1 && /\.zip$/i.test(files[0]!.name);
    const { unzipAdapter } = await import('../lora/files/zip-adapter.ts');
    const parts = isZip ? unzipAdapter(await fileFromBlob(files[0]!).read(0, files[0]!.size)) : files.map(fileFromBlob);
    const { readAdapter } = await import('../lora/files/read-adapter.ts');
    const { adapter } = await readAdapter(parts, model.config);
    const [first] = files;
    // Node's File has no path; the browser's is empty unless a folder was dropped.
    const folder = (first as { readonly webkitRelativePath?: string }).webkitRelativePath?.split('/')[0];
    const { findReceipt } = await import('./receipt/receipt.ts');
    const receipt = await findReceipt(parts).catch(() => undefined);
    const made = { made: 'imported', data: receipt?.data, run: receipt?.run } as const;
    return this.keep(folder || nameOfFile(first!.name), adapter, made);
  }

  async verifyAdapter(id: string): Promise<Verification> {
    this.session.refuseDuringRun('verify an adapter');
    const files = await this.session.host.adapters.files(id);
    const { verifyAdapter } = await import('./receipt/verify-adapter.ts');
    return verifyAdapter(
      [...files].map(([name, bytes]) => fileFromBytes(name, bytes)),
      this.session.model,
    );
  }

  /** Stores an adapter with its files. Its card and its receipt record `made` and what is known about the run. */
  async keep(name: string, adapter: Adapter, made: Provenance, run?: RunFacts, probe?: Probe): Promise<AdapterRecord> {
    const model = this.session.needModel();
    const { adapterFiles } = await import('./receipt/adapter-files.ts');
    const { adapterFacts } = await import('../lora/describe-adapter.ts');
    const files = await adapterFiles(model, { adapter, name, made, run, probe });
    const record: AdapterRecord = {
      id: crypto.randomUUID(),
      name,
      created: new Date().toISOString(),
      baseId: this.session.modelReport!.id,
      baseName: this.session.modelReport!.name,
      baseHash: this.session.modelReport!.hash,
      baseQuant: this.session.modelReport!.quant,
      ...adapterFacts(adapter),
      datasetName: run?.dataset.name ?? 'imported',
      steps: run?.outcome.steps ?? 0,
      finalLoss: run?.outcome.finalLoss ?? Number.NaN,
      validationLoss: run?.outcome.validationAfter,
      bytes: files.reduce((n, f) => n + f.bytes.byteLength, 0),
      recipe: run?.settings ?? made.run?.recipe,
      prompting: run?.dataset.prompting,
      curve: thinned((run?.outcome ?? made.run)?.curve.losses ?? []),
    };
    await this.session.host.adapters.save(record, new Map(files.map((f) => [f.name, f.bytes])));
    return this.record(record.id);
  }

  /** Loads it onto the device, unless it is there already. */
  async load(id: string): Promise<FlatAdapter> {
    const known = this.session.loaded.get(id);
    if (known !== undefined) {
      this.session.loaded.delete(id);
      this.session.loaded.set(id, known);
      return known;
    }
    const model = this.session.needModel();
    const files = await this.session.host.adapters.files(id);
    const { readPeftFolder } = await import('../lora/files/peft.ts');
    const { FlatAdapter } = await import('../lora/flat-adapter.ts');
    const { adapter } = await readPeftFolder(
      [...files].map(([name, bytes]) => fileFromBytes(name, bytes)),
      model.parts,
    );
    this.session.makeRoom(MOST_LOADED);
    const flat = await FlatAdapter.load(model.device, adapter);
    this.session.loaded.set(id, flat);
    return flat;
  }

  private async record(id: string): Promise<AdapterRecord> {
    const record = (await this.session.host.adapters.list()).find((r) => r.id === id);
    if (record === undefined) throw new Error(`Cannot find adapter "${id}" in this browser's storage`);
    return record;
  }
}

/** Means over equal stretches of a curve, so that the noise of a long run does not hide its trend. */
function thinned(losses: readonly number[]): readonly number[] {
  const points = Math.min(CURVE_POINTS, losses.length);
  return Array.from({ length: points }, (_, i) => {
    const part = losses.slice(Math.floor((i * losses.length) / points), Math.floor(((i + 1) * losses.length) / points));
    return part.reduce((sum, loss) => sum + loss, 0) / part.length;
  });
}

/** The two files of a PEFT folder are called the same in every folder. */
function nameOfFile(file: string): string {
  const stem = file.replace(/\.[^.]*$/, '');
  return /^adapter(_config|_model|s)?$/.test(stem) ? 'imported adapter' : stem;
}
