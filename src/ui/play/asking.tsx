import { type KeyboardEvent, useId } from 'react';
import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import { Choice } from '../controls/choice.tsx';
import { Select } from '../controls/select.tsx';
import { libraryStore } from '../library/library-store.ts';
import { ask, changePlay, chooseAdapter, playStore, stopAsking } from './play-store.ts';
import { words } from './words.ts';

export function Asking({ small }: { small: boolean }) {
  const prompt = useStore(playStore, (s) => s.prompt);
  const isAsking = useStore(playStore, (s) => s.isAsking);
  const adapterId = useStore(playStore, (s) => s.adapterId);
  const reason = useWhyNotAsk();
  const id = useId();

  function onKey(event: KeyboardEvent) {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || reason) return;
    event.preventDefault();
    void ask();
  }

  return (
    <div className="asking">
      <div className="asking-head">
        <AdapterSelect />
        {!small && <Mode />}
      </div>
      <div className="field">
        <label className="field-name" htmlFor={id}>
          {words.prompt}
        </label>
        <textarea
          id={id}
          className="input"
          rows={small ? 2 : 3}
          value={prompt}
          placeholder={words.promptHint}
          onChange={(event) => changePlay({ prompt: event.target.value })}
          onKeyDown={onKey}
        />
      </div>
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
            onClick={() => void ask()}
          >
            {adapterId ? words.ask : words.askBase}
          </button>
        )}
        <span className={reason ? 'hint' : 'hint asking-key'} id={`${id}-why`}>
          {reason ?? words.key}
        </span>
      </div>
    </div>
  );
}

function useWhyNotAsk(): string | undefined {
  const hasBase = useStore(baseStore, (s) => s.status === 'open');
  const hasPrompt = useStore(playStore, (s) => s.prompt.trim() !== '');
  if (!hasBase) return words.whyNot.noBase;
  return hasPrompt ? undefined : words.whyNot.noPrompt;
}

function AdapterSelect() {
  const adapters = useStore(libraryStore, (s) => s.adapters);
  const adapterId = useStore(playStore, (s) => s.adapterId);
  const base = useStore(baseStore, (s) => s.report);
  return (
    <Select
      name={words.adapter}
      value={adapterId ?? ''}
      options={[
        { value: '', label: words.noAdapter },
        ...adapters.map((adapter) => ({
          value: adapter.id,
          label:
            base && adapter.baseHash !== base.hash
              ? `${adapter.name} (${words.otherBase(adapter.baseName)})`
              : adapter.name,
        })),
      ]}
      onChange={(id) => chooseAdapter(id || undefined)}
    />
  );
}

function Mode() {
  const chat = useStore(playStore, (s) => s.chat);
  const hasTemplate = useStore(baseStore, (s) => s.report?.hasChatTemplate ?? true);
  return (
    <Choice
      name={words.mode}
      value={chat && hasTemplate ? 'chat' : 'continue'}
      options={[
        { value: 'chat', label: words.chat, disabled: !hasTemplate },
        { value: 'continue', label: words.continue },
      ]}
      {...(hasTemplate ? {} : { hint: words.noTemplate })}
      onChange={(mode) => changePlay({ chat: mode === 'chat' })}
    />
  );
}
