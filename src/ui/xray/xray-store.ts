// What token x-ray knows of the row that is looked at: its losses through each pair of eyes, and what would have been said at
// the chosen token. While a run goes on its losses are asked for again and again, seldom enough to cost the run little.
import { createStore } from 'zustand/vanilla';
import { isRunningAdapter, runningAdapter, type TokenGuess, type XrayEyes } from '../../engine/protocol.ts';
import { baseStore } from '../base/base-store.ts';
import { dataStore } from '../data/data-store.ts';
import { engine } from '../engine.ts';
import { chance } from '../format.ts';
import { libraryStore } from '../library/library-store.ts';
import { announce, showTrouble } from '../shell/trouble-store.ts';
import { isGoing, runStore } from '../train/run-store.ts';
import { showToken } from './show-token.ts';
import { words } from './words.ts';

interface XrayState {
  /** Whose losses are shown; the adapter is that of the run, or the last one made. */
  readonly side: 'base' | 'adapter';
  readonly losses: { readonly base: Float32Array | undefined; readonly adapter: Float32Array | undefined };
  /** Under the pointer or the focus. */
  readonly pointed: number | undefined;
  readonly chosen: number | undefined;
  readonly guesses: readonly TokenGuess[] | undefined;
}

const EMPTY = {
  losses: { base: undefined, adapter: undefined },
  pointed: undefined,
  chosen: undefined,
  guesses: undefined,
} as const;

export const xrayStore = createStore<XrayState>(() => ({ side: 'base', ...EMPTY }));

/** A look takes at most this share of the time while a run goes on. */
const MOST_SHARE = 0.05;
const LEAST_PAUSE_MS = 1000;
/** The first look compiles; that is no reason to wait long for the second. */
const MOST_PAUSE_MS = 4000;
/** A row is passed over while someone leafs through the table. */
const SETTLE_MS = 250;

/** Grows with each row; answers about another row are thrown away. */
let looking = 0;
let busy = false;
let nextLook = 0;

/** The adapter that can be looked through now: of the run, else the one that the last run has left. */
export function adapterEyes(): XrayEyes | undefined {
  const { phase, runId, result, isElsewhere } = runStore.getState();
  if (phase === 'preparing' && !isElsewhere) return undefined;
  if (runId !== undefined && !isElsewhere && isGoing({ phase })) return runningAdapter(runId);
  const id = result?.adapterId;
  return libraryStore.getState().adapters.some((adapter) => adapter.id === id) ? id : undefined;
}

export function lookThrough(side: XrayState['side']): void {
  xrayStore.setState({ side });
  void look(side);
}

/** What both would have said in place of token `at`. */
export async function choose(at: number): Promise<void> {
  const { row } = dataStore.getState();
  if (!row) return;
  xrayStore.setState({ chosen: at, guesses: undefined });
  if (at === 0) return;
  const mine = looking;
  const adapter = adapterEyes();
  try {
    const guesses = await engine().xray.guesses(row.row, at, adapter === undefined ? [null] : [null, adapter]);
    if (mine !== looking || xrayStore.getState().chosen !== at) return;
    xrayStore.setState({ guesses });
    announce(guesses.map(sayGuess).join('; '));
  } catch (error) {
    showTrouble(error);
  }
}

/** What is seen below the tokens, for those who hear it. */
function sayGuess({ eyes, choices }: TokenGuess): string {
  const said = choices.map(({ text, probability }) => `${showToken(text).text} ${chance(probability)}`);
  return words.wouldSay(eyes === null ? words.base : words.adapter, said);
}

async function look(side: XrayState['side']): Promise<void> {
  const { row, status } = dataStore.getState();
  const eyes = side === 'base' ? null : adapterEyes();
  if (!row || status !== 'ready' || eyes === undefined || busy || baseStore.getState().status !== 'open') return;
  const mine = looking;
  busy = true;
  const began = performance.now();
  try {
    const { losses } = await engine().xray.losses(row.row, eyes);
    if (mine === looking) xrayStore.setState((s) => ({ losses: { ...s.losses, [side]: losses } }));
  } catch (error) {
    // A run that has just ended takes its adapter with it; the next look is at the one that it has left.
    if (eyes === null || !isRunningAdapter(eyes)) showTrouble(error);
  } finally {
    busy = false;
    const now = performance.now();
    nextLook = now + Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, (now - began) / MOST_SHARE));
    if (mine !== looking) void look(xrayStore.getState().side);
  }
}

/** Wakes the x-ray: a new row or new rows forget what was known, a run's steps and its end ask again. */
export function followRowAndRun(): void {
  let soon: ReturnType<typeof setTimeout> | undefined;
  const settle = () => {
    clearTimeout(soon);
    soon = setTimeout(() => void look(xrayStore.getState().side), SETTLE_MS);
  };
  dataStore.subscribe((now, before) => {
    if (now.row === before.row) return;
    looking++;
    xrayStore.setState(EMPTY);
    settle();
  });
  runStore.subscribe((now, before) => {
    if (now.figures.step !== before.figures.step && now.phase === 'running') {
      if (xrayStore.getState().side === 'base' && before.figures.step === 0) xrayStore.setState({ side: 'adapter' });
      if (performance.now() >= nextLook) void look(xrayStore.getState().side);
    }
    if (now.result !== before.result && now.result) settle();
  });
}
