import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import { Field } from '../controls/field.tsx';
import { correct, dataStore } from './data-store.ts';
import { useLocked } from './locked.ts';
import { words } from './words.ts';

/** Read anew when the writing is over, not at every letter. */
export function SystemPrompt() {
  const now = useStore(dataStore, (s) => s.systemPrompt);
  const [draft, setDraft] = useState(now);
  const locked = useLocked();
  useEffect(() => setDraft(now), [now]);
  return (
    <Field
      name={words.system.name}
      hint={words.system.hint}
      control={(tied) => (
        <textarea
          {...tied}
          className="input"
          rows={2}
          value={draft}
          disabled={locked}
          onChange={(event) => setDraft(event.target.value)}
          onBlur={() => draft !== now && void correct({ systemPrompt: draft })}
        />
      )}
    />
  );
}
