// Runs: the list of all that were made in this browser, and what one can do with each.

import { readPeftFolder } from '../lora/files/peft.ts';
import { fileFromBytes } from '../model/model-file.ts';
import type { LibraryService } from './library-service.ts';
import type { AdapterRecord, RunCurves, RunRecord, RunsApi } from './protocol.ts';
import type { Session } from './session.ts';

export class RunsService implements RunsApi {
  constructor(
    private readonly session: Session,
    private readonly library: LibraryService,
  ) {}

  async listRuns(): Promise<readonly RunRecord[]> {
    const records = (await this.archive.list()).filter(({ deleted }) => deleted === undefined);
    return records.map((record) => this.asItStands(record)).sort((a, b) => (a.created < b.created ? 1 : -1));
  }

  async runCurves(id: string): Promise<RunCurves | undefined> {
    return this.archive.curves(id);
  }

  async noteRun(id: string, notes: string): Promise<void> {
    await this.archive.save({ ...(await this.need(id)), notes: notes.slice(0, MOST_NOTE_CHARS) });
  }

  async deleteRun(id: string): Promise<void> {
    if (this.isGoing(id)) throw new Error('Cannot delete the run: it is going on; stop it first');
    await this.archive.save({ ...(await this.need(id)), deleted: new Date().toISOString() });
  }

  async restoreRun(id: string): Promise<void> {
    const { deleted: _, ...record } = await this.need(id);
    await this.archive.save(record);
  }

  async forgetDeleted(): Promise<void> {
    for (const { id, deleted } of await this.archive.list()) if (deleted !== undefined) await this.archive.remove(id);
  }

  async keepState(id: string, step: number): Promise<AdapterRecord> {
    const record = await this.need(id);
    const files = await this.archive.state(id, step);
    if (files === undefined) throw new Error(`Cannot keep "${record.name}" at step ${step}: found no state of it`);
    const model = this.session.needModel();
    const parts = [...files].map(([name, bytes]) => fileFromBytes(name, bytes));
    const { adapter } = await readPeftFolder(parts, model.parts);
    return this.library.keep(`${record.name}, step ${step}`, adapter, { made: 'trained' });
  }

  /** A run that nobody is making any more was cut off. */
  private asItStands(record: RunRecord): RunRecord {
    const isCutOff = record.state === 'running' && !this.isGoing(record.id);
    return isCutOff ? { ...record, state: 'interrupted' } : record;
  }

  /** In this tab or in another. */
  private isGoing(id: string): boolean {
    return this.session.runs.has(id) || this.session.runElsewhere.has(id);
  }

  private get archive() {
    return this.session.host.archive;
  }

  private async need(id: string): Promise<RunRecord> {
    const record = await this.archive.record(id);
    if (record === undefined) throw new Error(`Cannot find run "${id}" in this browser's storage`);
    return record;
  }
}

const MOST_NOTE_CHARS = 10_000;
