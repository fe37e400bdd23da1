// Data: the open dataset, its table, its token rows and reports about them. Changes run one after another; reads may come
// in between.

import { DatasetError } from '../data/dataset-error.ts';
import { type BuildOptions, EditableDataset } from '../data/editable-dataset.ts';
import { lengthHistogram } from '../data/length-histogram.ts';
import type { Dataset } from '../data/load-dataset.ts';
import { previewRow } from '../data/preview-row.ts';
import { type Prompting, promptingOf } from '../data/prompting.ts';
import { createReadContext } from '../data/read-context.ts';
import { findRepeats } from '../data/split-validation.ts';
import type { TrainSettings } from '../train/recipe.ts';
import { findSplit, splitRows } from '../train/split-rows.ts';
import { calmProgress } from './calm-progress.ts';
import { DataDoctor } from './data-doctor.ts';
import { describeDataset, noticesOf } from './describe-dataset.ts';
import { DatasetKeeper } from './kept-dataset.ts';
import type {
  DataApi,
  DatasetMapping,
  DatasetNotice,
  DatasetOptions,
  DatasetReport,
  Fields,
  Finding,
  FindingKind,
  LengthHistogram,
  MappingTrial,
  NoticeList,
  OnProgress,
  Ranking,
  SplitSettings,
  TableQuery,
  TableWindow,
  TokenPreview,
} from './protocol.ts';
import { RowRanking } from './row-ranking.ts';
import type { OpenData, Session } from './session.ts';
import { describeRow, findRows, type RowFacts } from './table-query.ts';
import { tryMapping } from './try-mapping.ts';

export class DataService implements DataApi {
  private changing: Promise<unknown> = Promise.resolve();
  private reading: AbortController | undefined;
  private version = 0;
  private readonly doctor = new DataDoctor();
  private readonly ranking: RowRanking;
  private readonly keeper: DatasetKeeper;
  /** The rows of the last query, valid until something changes. */
  private found: { readonly key: string; readonly rows: readonly number[] } | undefined;
  private searching: AbortController | undefined;
  private sides: { readonly key: string; readonly train: number; readonly heldBack: ReadonlySet<number> } | undefined;

  constructor(private readonly session: Session) {
    this.ranking = new RowRanking(session);
    this.keeper = new DatasetKeeper(session.host.datasets);
  }

  openDataset(files: readonly File[], options: DatasetOptions, onProgress: OnProgress): Promise<DatasetReport> {
    return this.change('open another dataset', async () => {
      const table = new EditableDataset();
      return this.abortable(async (signal) => {
        await table.read(files, signal, calmProgress(onProgress));
        this.forgetFindings();
        return this.build(table, options, onProgress, signal);
      });
    });
  }

  addFiles(files: readonly File[], options: DatasetOptions, onProgress: OnProgress): Promise<DatasetReport> {
    return this.change('add data', async () => {
      const table = this.session.data?.table ?? new EditableDataset();
      return this.abortable(async (signal) => {
        await table.read(files, signal, calmProgress(onProgress));
        return this.build(table, options, onProgress, signal);
      });
    });
  }

  remapDataset(options: DatasetOptions, onProgress: OnProgress): Promise<DatasetReport> {
    return this.change('read the data otherwise', () =>
      this.abortable((signal) => this.build(this.needData().table, options, onProgress, signal)),
    );
  }

  restoreDataset(
    maxTokens: number,
    onProgress: OnProgress,
  ): Promise<{ readonly report: DatasetReport; readonly options: DatasetOptions } | undefined> {
    return this.change('open the dataset of the last visit', async () => {
      const kept = this.session.data === undefined ? await this.keeper.load() : undefined;
      if (kept === undefined) return undefined;
      const options = { ...kept.options, maxTokens };
      const report = await this.abortable((signal) => this.build(kept.table, options, onProgress, signal));
      return { report, options };
    });
  }

  async cancelReading(): Promise<void> {
    this.reading?.abort();
  }

  async closeDataset(): Promise<void> {
    this.reading?.abort();
    await this.change('close the dataset', async () => {
      this.session.data = undefined;
      this.forgetFindings();
      await this.keeper.forget();
    });
  }

  async previewRows(first: number, count: number): Promise<readonly TokenPreview[]> {
    const tokenizer = this.session.needTokenizer();
    const rows = this.session.data?.dataset?.rows ?? [];
    const decode = (ids: readonly number[]) => tokenizer.decode(ids, { special: true });
    return rows
      .slice(first, first + count)
      .map((row, i) => ({ row: first + i, file: row.file, line: row.line, tokens: previewRow(row, decode) }));
  }

  async queryRows(query: TableQuery, split: SplitSettings, first: number, count: number): Promise<TableWindow> {
    const { table } = this.needData();
    const { version } = this;
    const { rows: all } = await table.fit();
    await findSplit(all, split, createReadContext(0));
    const facts = this.facts(split);
    const key = JSON.stringify([query, version, this.doctor.checks, this.ranking.runs]);
    if (this.found?.key !== key) {
      this.searching?.abort();
      this.searching = new AbortController();
      const context = createReadContext(0, this.searching.signal);
      this.found = { key, rows: await findRows(table, query, facts, context) };
    }
    const { rows } = this.found;
    const shown = rows.slice(first, first + count).filter((index) => index < table.store.length);
    return { total: rows.length, version, first, rows: shown.map((index) => describeRow(table, index, facts)) };
  }

  async rowFields(index: number): Promise<Fields> {
    return [...this.needData().table.store.row(index).fields];
  }

  editRow(index: number, fields: Fields): Promise<DatasetReport> {
    return this.edit((table) => table.change('Edit of a row', [[index, new Map(fields)]]));
  }

  deleteRows(indices: readonly number[]): Promise<DatasetReport> {
    return this.edit((table) => deleteFrom(table, indices));
  }

  deleteFound(query: TableQuery, split: SplitSettings): Promise<DatasetReport> {
    return this.edit(async (table) =>
      deleteFrom(table, await findRows(table, query, this.facts(split), createReadContext(0))),
    );
  }

  addRow(fields: Fields, options: DatasetOptions): Promise<DatasetReport> {
    return this.change('add a row', async () => {
      const table = this.session.data?.table ?? new EditableDataset();
      table.add('New row', new Map(fields));
      return this.build(table, this.session.data?.options ?? options, () => {});
    });
  }

  undo(): Promise<DatasetReport> {
    return this.edit((table) => table.undo());
  }

  redo(): Promise<DatasetReport> {
    return this.edit((table) => table.redo());
  }

  exportRows(): Promise<Blob> {
    return this.queue(async () => {
      const { rowsAsJsonl } = await import('../data/rows-as-jsonl.ts');
      return rowsAsJsonl(this.needData().table.store, createReadContext(0));
    });
  }

  async tryMapping(
    mapping: DatasetMapping | undefined,
    systemPrompt: string,
    count: number,
  ): Promise<readonly MappingTrial[]> {
    return tryMapping(this.needData().table, this.session.needTokenizer(), mapping, systemPrompt, count);
  }

  async lengths(maxTokens: number): Promise<LengthHistogram> {
    return lengthHistogram(this.needData().table.lengths(), maxTokens);
  }

  /** Tokens of every row before anything is cut. */
  wholeLengths(): number[] {
    return [...this.needData().table.lengths()].map(({ tokens }) => tokens);
  }

  async splitRows(split: SplitSettings): Promise<{ readonly train: number; readonly validation: number }> {
    const { rows } = await this.needData().table.fit();
    const { train } = await findSplit(rows, split, createReadContext(0));
    return { train: train.length, validation: rows.length - train.length };
  }

  datasetHash(): Promise<string> {
    return this.queue(() => this.needData().table.hash());
  }

  async notices(list: NoticeList, first: number, count: number): Promise<readonly DatasetNotice[]> {
    const { table } = this.needData();
    return noticesOf(table, this.keeper.problem)[list].slice(first, first + count);
  }

  checkUp(split: SplitSettings, onProgress: OnProgress): Promise<readonly Finding[]> {
    const { table } = this.needData();
    return this.doctor.checkUp(table, this.sidesOf(split).heldBack, calmProgress(onProgress));
  }

  async cancelCheck(): Promise<void> {
    this.doctor.cancel();
  }

  fix(kind: FindingKind, split: SplitSettings): Promise<DatasetReport> {
    return this.edit((table) => this.doctor.fix(table, kind, split));
  }

  rankRows(onProgress: OnProgress): Promise<Ranking> {
    return this.ranking.rank(this.needData().table, this.version, calmProgress(onProgress));
  }

  async cancelRanking(): Promise<void> {
    this.ranking.cancel();
  }

  /** The dataset at the run's length; refitted when it was made for another length or base. */
  async rowsFor(settings: TrainSettings): Promise<Omit<Dataset, 'hash'>> {
    return this.queue(() => this.fit(settings));
  }

  /** How the rows phrase a question; of one file, or of all. */
  promptingOf(file?: string): Prompting | undefined {
    return this.session.data && promptingOf(this.session.data.table, file);
  }

  private async fit(settings: TrainSettings): Promise<Omit<Dataset, 'hash'>> {
    const { options, dataset, model, table } = this.session.data ?? {};
    if (table === undefined || options === undefined)
      throw new DatasetError('Cannot train: found no dataset, need one whose columns have a meaning');
    if (dataset !== undefined && options.maxTokens === settings.seqLen && model === this.session.model) return dataset;
    const again = { ...options, maxTokens: settings.seqLen };
    await this.build(table, again, () => {});
    const fitted = this.session.data?.dataset;
    if (fitted === undefined)
      throw (
        table.problem ?? new DatasetError(`Cannot train: found no row with an answer within ${settings.seqLen} tokens`)
      );
    return fitted;
  }

  private needData(): OpenData {
    if (this.session.data === undefined) throw new DatasetError('Cannot go on: found no open dataset, need one');
    return this.session.data;
  }

  /** Runs changes one after another, and none while a run trains on the rows. */
  private change<T>(what: string, work: () => Promise<T>): Promise<T> {
    return this.queue(() => {
      this.session.refuseDuringRun(what);
      return work();
    });
  }

  private queue<T>(work: () => Promise<T>): Promise<T> {
    const next = this.changing.catch(() => {}).then(work);
    this.changing = next;
    return next;
  }

  private edit(work: (table: EditableDataset) => void | Promise<void>): Promise<DatasetReport> {
    return this.change('change the data', async () => {
      const { table, options } = this.needData();
      await work(table);
      return this.build(table, options, () => {});
    });
  }

  private async abortable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.reading = new AbortController();
    try {
      return await work(this.reading.signal);
    } finally {
      this.reading = undefined;
    }
  }

  private async build(
    table: EditableDataset,
    options: DatasetOptions,
    onProgress: OnProgress,
    signal?: AbortSignal,
  ): Promise<DatasetReport> {
    const model = this.session.needModel();
    const tokenizer = this.session.needTokenizer();
    // The table can be looked at while its rows are cut into tokens.
    this.session.data = { options, dataset: undefined, table, model };
    this.version += 1;
    const build: BuildOptions = { ...options, vocabularySize: model.config.vocab };
    const tell = calmProgress(onProgress);
    await table.build(tokenizer, build, signal, (done, total) =>
      tell({ what: 'Cutting rows into tokens', done, total, unit: 'rows' }),
    );
    const { rows, ...counts } = table.fitted;
    // Whoever asks for the split next does not wait for all rows.
    await findRepeats(rows, createReadContext(0));
    this.version += 1;
    const { name, format, mapping, columns } = table;
    const dataset = { name, format, mapping, columns, rows, ...counts };
    this.session.data = { options, dataset: rows.length > 0 ? dataset : undefined, table, model };
    this.keeper.keep(table, options);
    return describeDataset(table, this.version, this.keeper.problem);
  }

  private facts(split: SplitSettings): RowFacts {
    const { findings } = this.doctor;
    const { groups, losses } = this.ranking;
    return { findings, groups, losses, heldBack: this.sidesOf(split).heldBack };
  }

  /** The effect of this split: how many token rows are trained on, and which rows of the table are held back. */
  private sidesOf(split: SplitSettings): { readonly train: number; readonly heldBack: ReadonlySet<number> } {
    const key = JSON.stringify([split.seed, split.validationSplit, this.version]);
    if (this.sides?.key !== key) {
      const { rows, origin } = this.needData().table.fitted;
      const { train, validation } = splitRows(rows, split);
      this.sides = { key, train: train.length, heldBack: new Set(validation.map((row) => origin[row]!)) };
    }
    return this.sides;
  }

  private forgetFindings(): void {
    this.doctor.forget();
    this.ranking.forget();
    this.found = undefined;
  }
}

function deleteFrom(table: EditableDataset, indices: readonly number[]): void {
  const what = indices.length === 1 ? 'Deletion of a row' : `Deletion of ${indices.length} rows`;
  table.change(
    what,
    indices.map((index) => [index, undefined] as const),
  );
}
