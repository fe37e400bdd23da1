import { useEffect, useId, useState } from 'react';
import { useStore } from 'zustand';
import { correct, dataStore } from './data-store.ts';
import { useLocked } from './locked.ts';
import { words } from './words.ts';

/** Read anew when the writing is over, not at every letter. */
export function SystemPrompt() {
  const id = useId();
  const now = useStore(dataStore, (s) => s.systemPrompt);
  const [draft, setDraft] = useState(now);
  const locked = useLocked();
  useEffect(() => setDraft(now), [now]);
  return (
    <div className="field">
      <label className="field-name" htmlFor={id}>
        {words.system.name}
      </label>
      <textarea
        id={id}
        className="input"
        rows={2}
        value={draft}
        disabled={locked}
        aria-describedby={`${id}-hint`}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={() => draft !== now && void correct({ systemPrompt: draft })}
      />
      <p className="hint" id={`${id}-hint`}>
        {words.system.hint}
      </p>
    </div>
  );
}
