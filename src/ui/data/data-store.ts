// The open dataset: how it was read, what it counts, and the row that is looked at. The rows themselves are in the worker.
// Rows are cut into tokens by the base, so files that come before a base is open wait for it; a new base cuts the same rows,
// edits and all, anew.
import { createStore } from 'zustand/vanilla';
import type {
  DatasetMapping,
  DatasetOptions,
  DatasetReport,
  Fields,
  Progress,
  TokenPreview,
} from '../../engine/protocol.ts';
import { baseStore } from '../base/base-store.ts';
import { engine, sentence } from '../engine.ts';
import { announce, showTrouble } from '../shell/trouble-store.ts';
import { isRunning } from '../train/run-store.ts';
import { fitSettings, settingsStore, suggestRate } from '../train/settings-store.ts';
import { words } from './words.ts';

interface DataState {
  readonly status: 'none' | 'waiting' | 'reading' | 'ready' | 'failed';
  readonly files: readonly File[];
  readonly report: DatasetReport | undefined;
  readonly progress: Progress | undefined;
  readonly problem: string | undefined;
  /** Undefined: detected by the engine. */
  readonly mapping: DatasetMapping | undefined;
  readonly longRows: DatasetOptions['longRows'];
  readonly completionOnly: boolean;
  readonly systemPrompt: string;
  /** Of what is trained on; undefined until the rows have stood still for a moment. */
  readonly hash: string | undefined;
  /** As the model sees it. */
  readonly row: TokenPreview | undefined;
  /** Another longest row has been chosen; the rows are about to be cut anew. */
  readonly isStale: boolean;
}

const EMPTY: DataState = {
  status: 'none',
  files: [],
  report: undefined,
  progress: undefined,
  problem: undefined,
  mapping: undefined,
  longRows: 'split',
  completionOnly: true,
  systemPrompt: '',
  hash: undefined,
  row: undefined,
  isStale: false,
};

export const dataStore = createStore<DataState>(() => EMPTY);

/** Grows with each reading; an answer to an older one is thrown away. */
let reading = 0;
/** The engine holds rows, and edits of them: nothing may read the files again in their place. */
let isOpen = false;

export async function openData(files: readonly File[]): Promise<void> {
  const { longRows, completionOnly } = dataStore.getState();
  dataStore.setState({ ...EMPTY, longRows, completionOnly, files, status: 'waiting' });
  isOpen = false;
  if (baseStore.getState().status === 'open') await read((on) => engine().data.openDataset(files, options(), on));
}

/** What the last visit had open, with its edits. Silent when there was nothing. */
async function restoreData(): Promise<void> {
  const mine = ++reading;
  const isMine = () => mine === reading && ['none', 'reading'].includes(dataStore.getState().status);
  try {
    const { seqLen } = settingsStore.getState().settings;
    const found = await engine().data.restoreDataset(seqLen, (progress) => {
      if (!isMine()) return;
      isOpen = true;
      dataStore.setState({ status: 'reading', progress });
    });
    if (!found || !isMine()) return;
    isOpen = true;
    const { mapping, longRows, completionOnly, systemPrompt = '' } = found.options;
    const { report } = found;
    dataStore.setState({
      status: 'ready',
      report,
      mapping,
      longRows,
      completionOnly,
      systemPrompt,
      progress: undefined,
    });
    await showRow(0);
  } catch (error) {
    if (isMine()) dataStore.setState(EMPTY);
    showTrouble(error);
  }
}

/** Behind the rows that are there. */
export async function addData(files: readonly File[]): Promise<void> {
  if (dataStore.getState().status === 'none' || !isOpen) return openData([...dataStore.getState().files, ...files]);
  await read((on) => engine().data.addFiles(files, options(), on));
}

type Change = Partial<Pick<DataState, 'mapping' | 'longRows' | 'completionOnly' | 'systemPrompt'>>;

/** Reads the same rows with a correction, or goes on with those that wait. */
export async function correct(change: Change): Promise<void> {
  dataStore.setState(change);
  if (isOpen) await read((on) => engine().data.remapDataset(options(), on));
}

export function stopReading(): void {
  void engine().data.cancelReading().catch(showTrouble);
}

export function forgetData(): void {
  reading++;
  isOpen = false;
  dataStore.setState(EMPTY);
  void engine().data.closeDataset().catch(showTrouble);
}

/** A change of rows: quick, so nothing is said until it is done. */
export async function changeRows(change: () => Promise<DatasetReport>): Promise<boolean> {
  const mine = ++reading;
  try {
    const report = await change();
    isOpen = true;
    if (mine === reading) dataStore.setState({ status: 'ready', report, problem: undefined, progress: undefined });
    await showRow(dataStore.getState().row?.row ?? 0);
    return true;
  } catch (error) {
    showTrouble(error);
    return false;
  }
}

export function writeRow(fields: Fields): Promise<boolean> {
  return changeRows(() => engine().data.addRow(fields, options()));
}

export function undo(): void {
  const { undo: what } = dataStore.getState().report ?? {};
  if (what === undefined) return;
  void changeRows(() => engine().data.undo()).then((isDone) => isDone && announce(words.table.undone(what)));
}

export function redo(): void {
  const { redo: what } = dataStore.getState().report ?? {};
  if (what === undefined) return;
  void changeRows(() => engine().data.redo()).then((isDone) => isDone && announce(words.table.redone(what)));
}

export function options(): DatasetOptions {
  const { mapping, longRows, completionOnly, systemPrompt } = dataStore.getState();
  const maxTokens = settingsStore.getState().settings.seqLen;
  return {
    maxTokens,
    longRows,
    completionOnly,
    ...(mapping && { mapping }),
    ...(systemPrompt.trim() !== '' && { systemPrompt }),
  };
}

async function read(how: (onProgress: (progress: Progress) => void) => Promise<DatasetReport>): Promise<void> {
  const mine = ++reading;
  dataStore.setState({ status: 'reading', progress: undefined, problem: undefined });
  const onProgress = (progress: Progress) => {
    if (progress.unit === 'rows') isOpen = true;
    if (mine === reading && dataStore.getState().status === 'reading') dataStore.setState({ progress });
  };
  try {
    const report = await how(onProgress);
    if (mine !== reading) return;
    isOpen = true;
    dataStore.setState({ status: 'ready', report, progress: undefined });
    announce(words.announceReady(report.name, report.rows, report.skipped));
    await showRow(0);
  } catch (error) {
    if (mine === reading) dataStore.setState({ status: 'failed', problem: sentence(error), progress: undefined });
  }
}

/** A row of the tokens, not of the table. */
export async function showRow(tokenRow: number): Promise<void> {
  const { report } = dataStore.getState();
  if (!report || report.rows === 0) return dataStore.setState({ row: undefined });
  try {
    const [row] = await engine().data.previewRows(Math.min(tokenRow, report.rows - 1), 1);
    if (dataStore.getState().report === report) dataStore.setState({ row });
  } catch (error) {
    showTrouble(error);
  }
}

/** The hash of the rows as they are: SHA-256 of all their tokens. Undefined when there are none. */
export async function dataHash(): Promise<string | undefined> {
  const { report, hash } = dataStore.getState();
  if (hash !== undefined || report === undefined) return hash;
  const found = await engine().data.datasetHash();
  if (dataStore.getState().report === report) dataStore.setState({ hash: found });
  return found;
}

/** A recipe that is offered wants to know whether these are its rows; an edit is not held up for it. */
export function followHash(): void {
  let soon: ReturnType<typeof setTimeout> | undefined;
  dataStore.subscribe((now, before) => {
    if (now.report === before.report) return;
    clearTimeout(soon);
    if (now.hash !== undefined) dataStore.setState({ hash: undefined });
    if (now.report) soon = setTimeout(() => void dataHash().catch(() => {}), 1000);
  });
}

/** A base that has just opened reads the waiting files; a changed longest row cuts the rows anew a moment later. */
export function followBaseAndLength(): void {
  baseStore.subscribe((now, before) => {
    const isNew = now.status === 'open' && before.status !== 'open';
    if (!isNew) return;
    if (now.report) {
      fitSettings(now.report);
      suggestRate(now.report);
    }
    const { files } = dataStore.getState();
    if (isOpen) void correct({});
    else if (files.length > 0) void read((on) => engine().data.openDataset(files, options(), on));
    else void restoreData();
  });
  let soon: ReturnType<typeof setTimeout> | undefined;
  settingsStore.subscribe((now, before) => {
    if (now.settings.seqLen === before.settings.seqLen) return;
    clearTimeout(soon);
    dataStore.setState({ isStale: isOpen });
    soon = setTimeout(() => {
      dataStore.setState({ isStale: false });
      // A run reads its rows itself; the data may not change under it.
      if (!isRunning()) void correct({});
    }, 400);
  });
}
