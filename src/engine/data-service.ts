// Data: the open dataset, read into token rows by the base's tokenizer, and what is shown of it.

import { DatasetError } from '../data/dataset-error.ts';
import { type Dataset, loadDataset } from '../data/load-dataset.ts';
import { previewRow } from '../data/preview-row.ts';
import type { TrainSettings } from '../train/recipe.ts';
import { describeDataset, unmappedReport } from './describe-dataset.ts';
import type { DataApi, DatasetOptions, DatasetReport, OnProgress, TokenPreview } from './protocol.ts';
import type { Session } from './session.ts';

export class DataService implements DataApi {
  constructor(private readonly session: Session) {}

  async openDataset(files: readonly File[], options: DatasetOptions, onProgress: OnProgress): Promise<DatasetReport> {
    this.session.refuseDuringRun('open another dataset');
    const model = this.session.needModel();
    const tokenizer = this.session.needTokenizer();
    const load = { ...options, vocabularySize: model.config.vocab };
    const dataset = await loadDataset(files, tokenizer, load, undefined, onProgress).catch((error: Error) => {
      if (!(error instanceof DatasetError) || error.columns.length === 0) throw error;
      return error;
    });
    if (dataset instanceof DatasetError) {
      this.session.data = { files, options, dataset: undefined, model };
      return unmappedReport(files, dataset);
    }
    this.session.data = { files, options, dataset, model };
    return describeDataset(dataset);
  }

  async remapDataset(options: DatasetOptions, onProgress: OnProgress): Promise<DatasetReport> {
    if (this.session.data === undefined) throw new DatasetError('Cannot read the dataset again: found none open');
    return this.openDataset(this.session.data.files, options, onProgress);
  }

  async previewRows(first: number, count: number): Promise<readonly TokenPreview[]> {
    const tokenizer = this.session.needTokenizer();
    const rows = this.session.data?.dataset?.rows ?? [];
    const decode = (id: number) => tokenizer.decode([id], { special: true });
    return rows
      .slice(first, first + count)
      .map((row, i) => ({ row: first + i, file: row.file, line: row.line, tokens: previewRow(row, decode) }));
  }

  /** The dataset at the run's length; read again when it was made with another length or by another base. */
  async rowsFor(settings: TrainSettings): Promise<Dataset> {
    if (this.session.data?.dataset === undefined)
      throw new DatasetError('Cannot train: found no dataset, need one whose columns have a meaning');
    const { files, options, dataset, model } = this.session.data;
    if (options.maxTokens === settings.seqLen && model === this.session.model) return dataset;
    const again = { ...options, mapping: options.mapping ?? dataset.mapping, maxTokens: settings.seqLen };
    const load = { ...again, vocabularySize: this.session.needModel().config.vocab };
    const reread = await loadDataset(files, this.session.needTokenizer(), load);
    this.session.data = { files, options: again, dataset: reread, model: this.session.needModel() };
    return reread;
  }
}
