import { useId, useState } from 'react';
import type { AdapterRecord } from '../../engine/protocol.ts';
import { readTags } from './find-adapters.ts';
import { tagAdapter } from './library-store.ts';
import { words } from './words.ts';

/** Tags as a line of pills, and the same line as a field while they are changed. */
export function AdapterTags({ adapter }: { adapter: AdapterRecord }) {
  const [draft, setDraft] = useState<string>();
  const id = useId();
  const tags = adapter.tags ?? [];
  if (draft === undefined)
    return (
      <div className="line adapter-tags">
        {tags.map((tag) => (
          <span key={tag} className="pill">
            {tag}
          </span>
        ))}
        <button
          type="button"
          className="link-button small soft"
          aria-label={words.of(words.editTags, adapter.name)}
          onClick={() => setDraft(tags.join(', '))}
        >
          {tags.length > 0 ? words.editTags : words.addTags}
        </button>
      </div>
    );
  return (
    <form
      className="adapter-tags-form"
      onSubmit={(event) => {
        event.preventDefault();
        setDraft(undefined);
        void tagAdapter(adapter, readTags(draft));
      }}
    >
      <label className="unseen" htmlFor={id}>
        {words.tagsOf}
      </label>
      <input
        id={id}
        className="input"
        value={draft}
        placeholder={words.tagsOf}
        // biome-ignore lint/a11y/noAutofocus: the field replaces the button that was just pressed
        autoFocus
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && setDraft(undefined)}
      />
      <button type="submit" className="button">
        {words.save}
      </button>
    </form>
  );
}
