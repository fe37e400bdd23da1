// The open dataset: the files as they were given, how they were read, and the first rows as the model sees them.
// Rows are tokenised by the base, so files that come before a base is open wait for it, and a new base reads them again.
import { createStore } from 'zustand/vanilla';
import type { DatasetMapping, DatasetOptions, DatasetReport, Progress, TokenPreview } from '../../engine/protocol.ts';
import { baseStore } from '../base/base-store.ts';
import { engine, sentence } from '../engine.ts';
import { announce, showTrouble } from '../shell/trouble-store.ts';
import { isRunning } from '../train/run-store.ts';
import { fitSettings, settingsStore, suggestRate } from '../train/settings-store.ts';
import { words } from './words.ts';

export const ROWS_A_PAGE = 4;

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
  readonly rows: readonly TokenPreview[];
  readonly firstRow: number;
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
  rows: [],
  firstRow: 0,
};

export const dataStore = createStore<DataState>(() => EMPTY);

/** Grows with each reading; an answer to an older one is thrown away. */
let reading = 0;

export async function openData(files: readonly File[]): Promise<void> {
  const { longRows, completionOnly } = dataStore.getState();
  dataStore.setState({ ...EMPTY, longRows, completionOnly, files, status: 'waiting' });
  if (baseStore.getState().status === 'open') await read('open');
}

type Change = Partial<Pick<DataState, 'mapping' | 'longRows' | 'completionOnly'>>;

/** Reads the same files again with a correction. */
export async function correct(change: Change): Promise<void> {
  dataStore.setState(change);
  const { status } = dataStore.getState();
  if (status !== 'none' && status !== 'waiting') await read('remap');
}

export function forgetData(): void {
  reading++;
  dataStore.setState(EMPTY);
  void engine().data.closeDataset().catch(showTrouble);
}

function options(): DatasetOptions {
  const { mapping, longRows, completionOnly } = dataStore.getState();
  const maxTokens = settingsStore.getState().settings.seqLen;
  return { maxTokens, longRows, completionOnly, ...(mapping ? { mapping } : {}) };
}

async function read(how: 'open' | 'remap'): Promise<void> {
  const mine = ++reading;
  dataStore.setState({ status: 'reading', progress: undefined, problem: undefined });
  const onProgress = (progress: Progress) => {
    if (mine === reading && dataStore.getState().status === 'reading') dataStore.setState({ progress });
  };
  try {
    const { files } = dataStore.getState();
    const report = await (how === 'open'
      ? engine().data.openDataset(files, options(), onProgress)
      : engine().data.remapDataset(options(), onProgress));
    if (mine !== reading) return;
    const rows = report.rows > 0 ? await engine().data.previewRows(0, ROWS_A_PAGE) : [];
    if (mine !== reading) return;
    dataStore.setState({ status: 'ready', report, rows, firstRow: 0, progress: undefined });
    announce(words.announceReady(report.name, report.rows, report.skipped.length));
  } catch (error) {
    if (mine === reading) dataStore.setState({ status: 'failed', problem: sentence(error), progress: undefined });
  }
}

export async function showRows(first: number): Promise<void> {
  const mine = reading;
  try {
    const rows = await engine().data.previewRows(first, ROWS_A_PAGE);
    if (mine === reading) dataStore.setState({ rows, firstRow: first });
  } catch (error) {
    showTrouble(error);
  }
}

/** A base that has just opened reads the waiting files; a changed longest row reads them again a moment later. */
export function followBaseAndLength(): void {
  baseStore.subscribe((now, before) => {
    const isNew = now.status === 'open' && before.status !== 'open';
    if (isNew && now.report) {
      fitSettings(now.report);
      suggestRate(now.report);
    }
    if (isNew && dataStore.getState().files.length > 0) void read('open');
  });
  let soon: ReturnType<typeof setTimeout> | undefined;
  settingsStore.subscribe((now, before) => {
    if (now.settings.seqLen === before.settings.seqLen) return;
    clearTimeout(soon);
    // A run reads its rows itself; the data may not change under it.
    soon = setTimeout(() => isRunning() || void correct({}), 400);
  });
}
