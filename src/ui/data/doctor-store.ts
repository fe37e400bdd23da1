// The last check of the rows by data doctor, and the fixes that it offers.
import { createStore } from 'zustand/vanilla';
import type { Finding, FindingKind, Progress } from '../../engine/protocol.ts';
import { engine, sentence } from '../engine.ts';
import { announce } from '../shell/trouble-store.ts';
import { settingsStore } from '../train/settings-store.ts';
import { changeRows, dataStore } from './data-store.ts';
import { isAbort, refresh } from './table-store.ts';
import { words } from './words.ts';

interface DoctorState {
  /** Undefined: not checked yet. */
  readonly findings: readonly Finding[] | undefined;
  /** Of the rows that were checked. */
  readonly version: number;
  readonly progress: Progress | undefined;
  readonly problem: string | undefined;
}

const EMPTY: DoctorState = { findings: undefined, version: 0, progress: undefined, problem: undefined };
export const doctorStore = createStore<DoctorState>(() => EMPTY);

/** Datasets up to this size are looked through unasked: it takes a moment in the worker, and nobody waits for it. */
const UNASKED_ROWS = 20_000;

const split = () => {
  const { validationSplit, seed } = settingsStore.getState().settings;
  return { validationSplit, seed };
};

let checking = 0;

/** `isAsked`: by a person, who is told. */
export async function checkUp(isAsked = false): Promise<void> {
  const version = dataStore.getState().report?.version ?? 0;
  const mine = ++checking;
  const start: Progress = { what: '', done: 0, total: 0, unit: 'rows' };
  doctorStore.setState({ progress: start, problem: undefined });
  try {
    const findings = await engine().data.checkUp(split(), (progress) => {
      if (mine === checking && doctorStore.getState().progress) doctorStore.setState({ progress });
    });
    if (mine !== checking) return;
    doctorStore.setState({ findings, version, progress: undefined });
    const w = words.doctor;
    if (isAsked) announce(findings.length === 0 ? w.healthy : w.found(findings.map(({ kind }) => w.says[kind][0])));
    refresh();
  } catch (error) {
    if (mine !== checking) return;
    doctorStore.setState({ progress: undefined, ...(isAbort(error) ? {} : { problem: sentence(error) }) });
  }
}

export function stopCheck(): void {
  void engine().data.cancelCheck();
}

export async function fix(kind: FindingKind): Promise<void> {
  if (!(await changeRows(() => engine().data.fix(kind, split())))) return;
  announce(words.doctor.fixed(dataStore.getState().report?.undo ?? ''));
  await checkUp();
}

/** New rows have not been checked; small datasets are at once, and again when they change. */
export function followForDoctor(): void {
  let soon: ReturnType<typeof setTimeout> | undefined;
  dataStore.subscribe((now, before) => {
    if (now.status === 'none' || now.status === 'waiting') {
      checking++;
      doctorStore.setState(EMPTY);
    }
    if (now.report === before.report || !now.report) return;
    clearTimeout(soon);
    const { tableRows, pending, version } = now.report;
    if (tableRows > UNASKED_ROWS || pending > 0) return;
    soon = setTimeout(() => {
      if (dataStore.getState().status === 'ready' && doctorStore.getState().version !== version) void checkUp();
    }, 300);
  });
}
