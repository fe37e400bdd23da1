import { type KeyboardEvent, useId } from 'react';
import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import { Field } from '../controls/field.tsx';
import type { Column } from './play-store.ts';
import type { Talk } from './talk.ts';
import { stopAsking } from './talks.ts';
import { words } from './words.ts';

/** The field for a question and what sends it. */
export function Asking(props: { talk: Talk; columns: readonly Column[]; rows: number; children?: React.ReactNode }) {
  const { talk, columns } = props;
  const prompt = useStore(talk.store, (s) => s.prompt);
  const isAsking = useStore(talk.store, (s) => s.isAsking);
  const reason = useWhyNotAsk(talk);
  const id = useId();

  function onKey(event: KeyboardEvent) {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || reason) return;
    event.preventDefault();
    void talk.ask(columns);
  }

  return (
    <div className="asking">
      <Field
        name={words.prompt}
        control={(tied) => (
          <textarea
            {...tied}
            className="input"
            rows={props.rows}
            value={prompt}
            placeholder={words.promptHint}
            onChange={(event) => talk.store.setState({ prompt: event.target.value })}
            onKeyDown={onKey}
          />
        )}
      />
      <div className="line asking-do">
        {isAsking ? (
          <button type="button" className="button asking-button" onClick={() => void stopAsking()}>
            {words.stop}
          </button>
        ) : (
          <button
            type="button"
            className="button button-main asking-button"
            disabled={reason !== undefined}
            aria-describedby={`${id}-why`}
            onClick={() => void talk.ask(columns)}
          >
            {words.ask(columns.length, columns[0]?.adapterId === null)}
          </button>
        )}
        <span className={reason ? 'hint' : 'hint asking-key'} id={`${id}-why`}>
          {reason ?? words.key}
        </span>
        {props.children}
      </div>
    </div>
  );
}

function useWhyNotAsk(talk: Talk): string | undefined {
  const hasBase = useStore(baseStore, (s) => s.status === 'open');
  const hasPrompt = useStore(talk.store, (s) => s.prompt.trim() !== '');
  if (!hasBase) return words.whyNot.noBase;
  return hasPrompt ? undefined : words.whyNot.noPrompt;
}
