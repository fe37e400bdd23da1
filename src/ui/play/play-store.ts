// One question, two answers: the base alone and with an adapter, streamed side by side from one batch.
import { createStore } from 'zustand/vanilla';
import type { GenerateEvent } from '../../engine/protocol.ts';
import { baseStore } from '../base/base-store.ts';
import { engine, sentence } from '../engine.ts';
import { libraryStore } from '../library/library-store.ts';
import { announce } from '../shell/trouble-store.ts';
import { words } from './words.ts';

export interface Answer {
  readonly text: string;
  readonly state: 'waiting' | 'streaming' | 'done';
  readonly reason: GenerateEvent['reason'];
  readonly tokensPerSecond: number;
}

interface PlayState {
  readonly prompt: string;
  readonly chat: boolean;
  readonly adapterId: string | undefined;
  readonly strength: number;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly seed: number;
  readonly isAsking: boolean;
  /** What the answers below answer; undefined before the first question. */
  readonly asked:
    | { readonly prompt: string; readonly adapterId: string | undefined; readonly strength: number }
    | undefined;
  readonly answers: readonly Answer[];
  readonly problem: string | undefined;
}

export const playStore = createStore<PlayState>(() => ({
  prompt: '',
  chat: true,
  adapterId: undefined,
  strength: 1,
  temperature: 0,
  maxTokens: 128,
  seed: 0,
  isAsking: false,
  asked: undefined,
  answers: [],
  problem: undefined,
}));

export function changePlay(change: Partial<PlayState>): void {
  playStore.setState(change);
}

export function chooseAdapter(adapterId: string | undefined): void {
  playStore.setState({ adapterId });
}

const WAITING: Answer = { text: '', state: 'waiting', reason: undefined, tokensPerSecond: 0 };
const TOP_P = 0.95;
/** Text is handed to React this often at most, however fast tokens come. */
const SHOW_EVERY_MS = 50;

/** Grows with each question; words of an older answer are dropped. */
let question = 0;

export async function ask(): Promise<void> {
  const { prompt, adapterId, strength, temperature, maxTokens, seed, isAsking } = playStore.getState();
  if (isAsking || prompt.trim() === '') return;
  const mine = ++question;
  const messages = [{ role: 'user', content: prompt } as const];
  const answers = [
    { adapterId: null, strength: 1, messages },
    ...(adapterId ? [{ adapterId, strength, messages }] : []),
  ];
  const chat = playStore.getState().chat && (baseStore.getState().report?.hasChatTemplate ?? false);
  playStore.setState({
    isAsking: true,
    asked: { prompt, adapterId, strength },
    answers: answers.map(() => WAITING),
    problem: undefined,
  });
  const hear = gather(mine);
  try {
    await engine().play.generate({ chat, answers, maxTokens, sampling: { temperature, topP: TOP_P, seed } }, hear);
    if (mine === question) announce(words.announceDone);
  } catch (error) {
    if (mine === question) playStore.setState({ problem: sentence(error) });
  }
  if (mine === question) playStore.setState({ isAsking: false });
}

/** Collects pieces of text and shows them together. The last ones may come after `generate` has resolved. */
function gather(mine: number): (event: GenerateEvent) => void {
  let pending: GenerateEvent[] = [];
  const show = () => {
    const events = pending;
    pending = [];
    if (mine !== question) return;
    playStore.setState((s) => ({ answers: events.reduce(withEvent, s.answers) }));
  };
  return (event) => {
    if (pending.length === 0) setTimeout(show, SHOW_EVERY_MS);
    pending.push(event);
  };
}

function withEvent(answers: readonly Answer[], event: GenerateEvent): readonly Answer[] {
  return answers.map((answer, i) =>
    i === event.answer
      ? {
          text: answer.text + (event.piece?.text ?? ''),
          state: event.done ? 'done' : 'streaming',
          reason: event.reason,
          tokensPerSecond: event.tokensPerSecond,
        }
      : answer,
  );
}

export async function stopAsking(): Promise<void> {
  if (playStore.getState().isAsking) await engine().play.stopGenerating();
}

/** The newest adapter is taken when nothing else is chosen, or when the chosen one is gone. */
export function followLibrary(): void {
  libraryStore.subscribe(({ adapters }) => {
    const { adapterId } = playStore.getState();
    if (!adapters.some((adapter) => adapter.id === adapterId)) chooseAdapter(adapters[0]?.id);
  });
}
