import { useId, useState } from 'react';
import type { AdapterRecord } from '../../engine/protocol.ts';
import { Icon } from '../controls/icon.tsx';
import { renameAdapter } from './library-store.ts';
import { words } from './words.ts';

/** The name, and the same line as a field while it is changed: Enter saves, Escape leaves it. */
export function AdapterName({ adapter }: { adapter: AdapterRecord }) {
  const [draft, setDraft] = useState<string>();
  const id = useId();
  if (draft === undefined) {
    const label = words.of(words.rename, adapter.name);
    return (
      <header className="adapter-head">
        <h2 className="breaks">{adapter.name}</h2>
        <button
          type="button"
          className="button button-plain button-icon"
          aria-label={label}
          title={words.rename}
          onClick={() => setDraft(adapter.name)}
        >
          <Icon name="pencil" />
        </button>
      </header>
    );
  }
  const name = draft.trim();
  const save = () => {
    setDraft(undefined);
    if (name !== '' && name !== adapter.name) void renameAdapter(adapter.id, name);
  };
  return (
    <form
      className="adapter-head"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <label className="unseen" htmlFor={id}>
        {words.newName}
      </label>
      <input
        id={id}
        className="input"
        maxLength={120}
        value={draft}
        // biome-ignore lint/a11y/noAutofocus: the field replaces the button that was just pressed
        autoFocus
        onFocus={(event) => event.target.select()}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && setDraft(undefined)}
      />
      <button type="submit" className="button" disabled={name === ''}>
        {words.save}
      </button>
    </form>
  );
}
