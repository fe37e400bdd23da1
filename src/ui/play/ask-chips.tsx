import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import type { Column } from './play-store.ts';
import { useQuestions } from './questions.ts';
import type { Talk } from './talk.ts';
import { words } from './words.ts';

/** Questions of the data: a click asks one. */
export function AskChips({ talk, columns, most }: { talk: Talk; columns: readonly Column[]; most: number }) {
  const hasBase = useStore(baseStore, (s) => s.status === 'open');
  const isAsking = useStore(talk.store, (s) => s.isAsking);
  const questions = useQuestions(columns).slice(0, most);
  if (!hasBase || questions.length === 0) return null;
  return (
    <fieldset className="ask-chips" aria-label={words.fromData}>
      <p className="hint">{words.fromData}</p>
      {questions.map((question) => (
        <button
          key={question}
          type="button"
          className="button ask-chip"
          disabled={isAsking}
          onClick={() => askThis(talk, columns, question)}
        >
          <span dir="auto">{question}</span>
        </button>
      ))}
    </fieldset>
  );
}

export function askThis(talk: Talk, columns: readonly Column[], question: string): void {
  talk.store.setState({ prompt: question });
  void talk.ask(columns);
}
