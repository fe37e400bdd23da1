// The evaluation: its rows and rule, which survive a reload, and what came of the last one.
import { createStore } from 'zustand/vanilla';
import type { EvalRow, EvalRowResult } from '../../engine/protocol.ts';
import { baseStore } from '../base/base-store.ts';
import { engine, sentence } from '../engine.ts';
import { keep, kept } from '../keep.ts';
import { announce } from '../shell/trouble-store.ts';
import { settingsStore } from '../train/settings-store.ts';
import { RULE_KINDS, type Rule } from './match.ts';
import { type Column, howToAnswer, playStore } from './play-store.ts';
import { promptingFor } from './prompting.ts';
import { nameOf, titleOf } from './who.ts';
import { words } from './words.ts';

export interface KeyedRow extends EvalRow {
  readonly key: number;
}

export interface Contestant {
  readonly name: string;
  readonly isBase: boolean;
}

interface EvalState {
  readonly rows: readonly KeyedRow[];
  readonly rule: Rule;
  readonly isRunning: boolean;
  /** Of the evaluation that goes on or is over. */
  readonly contestants: readonly Contestant[];
  /** By a row's key. */
  readonly results: ReadonlyMap<number, EvalRowResult>;
  readonly total: number;
  readonly problem: string | undefined;
  /** Why no rows could be taken from the data. */
  readonly takeProblem: string | undefined;
}

/** A small set, answered in a minute; large ones belong to the command line. */
export const MAX_ROWS = 200;

export const evalStore = createStore<EvalState>(() => ({
  ...readKept(kept('evaluation')),
  isRunning: false,
  contestants: [],
  results: new Map(),
  total: 0,
  problem: undefined,
  takeProblem: undefined,
}));

function change(next: Partial<Pick<EvalState, 'rows' | 'rule'>>): void {
  evalStore.setState(next);
  const { rows, rule } = evalStore.getState();
  keep('evaluation', { rows, rule });
}

export const changeRule = (rule: Partial<Rule>) => change({ rule: { ...evalStore.getState().rule, ...rule } });

export function addRows(rows: readonly EvalRow[]): void {
  const { rows: before } = evalStore.getState();
  const first = Math.max(-1, ...before.map(({ key }) => key)) + 1;
  change({ rows: [...before, ...rows.map((row, i) => ({ ...row, key: first + i }))].slice(0, MAX_ROWS) });
}

export function changeRow(key: number, row: Partial<EvalRow>): void {
  change({ rows: evalStore.getState().rows.map((one) => (one.key === key ? { ...one, ...row } : one)) });
}

export function removeRow(key: number): void {
  change({ rows: evalStore.getState().rows.filter((row) => row.key !== key) });
}

export function clearRows(): void {
  change({ rows: [] });
  evalStore.setState({ results: new Map(), contestants: [], total: 0, problem: undefined });
}

export async function takeHeldBack(count: number): Promise<void> {
  const { validationSplit, seed } = settingsStore.getState().settings;
  try {
    const rows = await engine().play.heldBackRows({ validationSplit, seed }, count);
    const known = new Set(evalStore.getState().rows.map(({ prompt, expected }) => `${prompt} ${expected}`));
    addRows(rows.filter(({ prompt, expected }) => !known.has(`${prompt} ${expected}`)));
    evalStore.setState({ takeProblem: undefined });
  } catch (error) {
    evalStore.setState({ takeProblem: sentence(error) });
  }
}

export async function evaluate(columns: readonly Column[]): Promise<void> {
  const rows = evalStore.getState().rows.filter(({ prompt, expected }) => prompt.trim() !== '' && expected !== '');
  if (rows.length === 0 || evalStore.getState().isRunning) return;
  const { chat } = playStore.getState();
  const { maxTokens, sampling } = howToAnswer();
  evalStore.setState({
    isRunning: true,
    problem: undefined,
    results: new Map(),
    total: rows.length,
    contestants: columns.map((column) => ({
      name: titleOf({ ...column, name: nameOf(column.adapterId) }),
      isBase: column.adapterId === null,
    })),
  });
  const request = {
    rows,
    chat: chat && (baseStore.getState().report?.hasChatTemplate ?? false),
    contestants: columns,
    maxTokens,
    sampling,
    prompting: promptingFor(columns),
  };
  try {
    await engine().play.evaluate(request, (result) => {
      const { results } = evalStore.getState();
      evalStore.setState({ results: new Map(results).set(rows[result.row]!.key, result) });
    });
    announce(words.evaluate.announceDone);
  } catch (error) {
    evalStore.setState({ problem: sentence(error) });
  }
  evalStore.setState({ isRunning: false });
}

function readKept(saved: unknown): Pick<EvalState, 'rows' | 'rule'> {
  const { rows, rule } = (typeof saved === 'object' && saved !== null ? saved : {}) as Record<string, unknown>;
  const { kind, pattern, isLoose } = (rule ?? {}) as Partial<Rule>;
  return {
    rows: Array.isArray(rows) ? rows.flatMap(readRow).slice(0, MAX_ROWS) : [],
    rule: {
      kind: RULE_KINDS.find((one) => one === kind) ?? 'contains',
      pattern: typeof pattern === 'string' ? pattern : '',
      isLoose: isLoose !== false,
    },
  };
}

function readRow(saved: unknown, key: number): KeyedRow[] {
  const { prompt, expected, isRendered } = (saved ?? {}) as Partial<EvalRow>;
  if (typeof prompt !== 'string' || typeof expected !== 'string') return [];
  return [{ key, prompt, expected, isRendered: isRendered === true }];
}
