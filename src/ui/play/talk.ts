// A talk: questions, and to each the answers of all columns, streamed side by side from one batch.
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { AnswerPiece, ChatMessage, GenerateEvent } from '../../engine/protocol.ts';
import { baseStore } from '../base/base-store.ts';
import { engine, sentence } from '../engine.ts';
import { announce } from '../shell/trouble-store.ts';
import { type Column, howToAnswer, playStore } from './play-store.ts';
import { promptingFor } from './prompting.ts';
import { nameOf } from './who.ts';
import { words } from './words.ts';

export interface Answer {
  /** The column's. */
  readonly key: number;
  readonly who: Pick<Column, 'adapterId' | 'strength'> & { readonly name: string };
  readonly text: string;
  /** What `text` is made of; empty for an answer of an earlier visit. */
  readonly pieces: readonly AnswerPiece[];
  readonly state: 'waiting' | 'streaming' | 'done';
  readonly reason: GenerateEvent['reason'];
  readonly tokensPerSecond: number;
}

export interface Turn {
  readonly id: number;
  readonly prompt: string;
  readonly answers: readonly Answer[];
}

export interface TalkState {
  readonly prompt: string;
  readonly turns: readonly Turn[];
  readonly isAsking: boolean;
  readonly problem: string | undefined;
}

export interface Talk {
  readonly store: StoreApi<TalkState>;
  /** Resolves when all answers are complete. */
  ask(columns: readonly Column[]): Promise<void>;
  clear(): void;
}

/** Text is handed to React this often at most, however fast tokens come. */
const SHOW_EVERY_MS = 50;

/** `remembers`: the model sees the turns before; else each question stands alone and takes the place of the last one. */
export function createTalk({ remembers, turns = [] }: { remembers: boolean; turns?: readonly Turn[] }): Talk {
  const store = createStore<TalkState>(() => ({ prompt: '', turns, isAsking: false, problem: undefined }));
  /** Grows with each question; words of an older answer are dropped. */
  let question = 0;

  async function ask(columns: readonly Column[]): Promise<void> {
    const { prompt, isAsking, turns: before } = store.getState();
    if (isAsking || prompt.trim() === '') return;
    const mine = ++question;
    const { chat } = playStore.getState();
    const hasTemplate = baseStore.getState().report?.hasChatTemplate ?? false;
    const isChat = chat && hasTemplate;
    const past = remembers && isChat ? before.filter((turn) => turn.answers.every((answer) => answer.text !== '')) : [];
    const turn: Turn = { id: (before.at(-1)?.id ?? 0) + 1, prompt, answers: columns.map(waiting) };
    store.setState({
      isAsking: true,
      prompt: remembers ? '' : prompt,
      turns: remembers && isChat ? [...before, turn] : [turn],
      problem: undefined,
    });
    const request = {
      chat: isChat,
      prompting: promptingFor(columns),
      answers: columns.map((column) => ({ ...column, messages: messagesFor(column.key, past, prompt) })),
      ...howToAnswer(),
    };
    try {
      await engine().play.generate(request, gather(mine, turn.id));
      if (mine === question) announce(words.announceDone);
    } catch (error) {
      if (mine === question) store.setState((s) => ({ problem: sentence(error), ...giveBack(s, turn) }));
    }
    if (mine === question) store.setState({ isAsking: false });
  }

  /** A question that was not answered stands in the field again. */
  function giveBack(state: TalkState, turn: Turn): Partial<TalkState> {
    const isEmpty = state.turns.find(({ id }) => id === turn.id)?.answers.every(({ text }) => text === '');
    if (!isEmpty) return {};
    return { prompt: state.prompt || turn.prompt, turns: state.turns.filter(({ id }) => id !== turn.id) };
  }

  /** Collects pieces and shows them together. The last ones may come after `generate` has resolved. */
  function gather(mine: number, id: number): (event: GenerateEvent) => void {
    let pending: GenerateEvent[] = [];
    const show = () => {
      const events = pending;
      pending = [];
      if (mine !== question) return;
      store.setState((s) => ({
        turns: s.turns.map((turn) =>
          turn.id === id ? { ...turn, answers: events.reduce(withEvent, turn.answers) } : turn,
        ),
      }));
    };
    return (event) => {
      if (pending.length === 0) setTimeout(show, SHOW_EVERY_MS);
      pending.push(event);
    };
  }

  function clear(): void {
    question++;
    if (store.getState().isAsking) void engine().play.stopGenerating();
    store.setState({ turns: [], isAsking: false, problem: undefined });
  }

  return { store, ask, clear };
}

const waiting = (column: Column): Answer => ({
  key: column.key,
  who: { adapterId: column.adapterId, strength: column.strength, name: nameOf(column.adapterId) },
  text: '',
  pieces: [],
  state: 'waiting',
  reason: undefined,
  tokensPerSecond: 0,
});

/** The talk as this column has it; a column that came later takes over what the first one had said. */
function messagesFor(key: number, past: readonly Turn[], prompt: string): ChatMessage[] {
  return [
    ...past.flatMap((turn): ChatMessage[] => {
      const answer = turn.answers.find((one) => one.key === key) ?? turn.answers[0];
      return answer === undefined
        ? []
        : [
            { role: 'user', content: turn.prompt },
            { role: 'assistant', content: answer.text },
          ];
    }),
    { role: 'user', content: prompt },
  ];
}

function withEvent(answers: readonly Answer[], event: GenerateEvent): readonly Answer[] {
  return answers.map((answer, i) =>
    i === event.answer
      ? {
          ...answer,
          text: answer.text + (event.piece?.text ?? ''),
          pieces: event.piece ? [...answer.pieces, event.piece] : answer.pieces,
          state: event.done ? 'done' : 'streaming',
          reason: event.reason,
          tokensPerSecond: event.tokensPerSecond,
        }
      : answer,
  );
}
