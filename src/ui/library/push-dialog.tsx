import { useState } from 'react';
import { useStore } from 'zustand';
import type { AdapterRecord } from '../../engine/protocol.ts';
import { Dialog } from '../controls/dialog.tsx';
import { ProgressLine } from '../controls/progress.tsx';
import { TextField } from '../controls/text-field.tsx';
import { closePush, pushAdapter, pushStore } from './push-store.ts';
import { words } from './words.ts';

/** Where the adapter goes on the Hub, and the token for it, which this dialog alone knows. */
export function PushDialog({ adapter }: { adapter: AdapterRecord }) {
  const { phase, progress, problem, url } = useStore(pushStore);
  const [repo, setRepo] = useState('');
  const [token, setToken] = useState('');
  const [isPrivate, setPrivate] = useState(true);
  const w = words.push;
  const isBusy = phase === 'sending';
  return (
    <Dialog title={w.title(adapter.name)} onClose={closePush}>
      {url === undefined ? (
        <form
          className="stack-tight"
          onSubmit={(event) => {
            event.preventDefault();
            void pushAdapter(adapter, { repo: repo.trim(), token: token.trim(), isPrivate });
          }}
        >
          <p className="soft small">{w.body}</p>
          <TextField name={w.repo} hint={w.repoHint} value={repo} onChange={setRepo} />
          <TextField name={w.token} hint={w.tokenHint} secret value={token} onChange={setToken} />
          <label className="line small">
            <input type="checkbox" checked={isPrivate} onChange={(event) => setPrivate(event.target.checked)} />
            {w.private}
          </label>
          {progress && <ProgressLine progress={progress} />}
          {problem && (
            <p className="wrong" role="alert">
              {problem}.
            </p>
          )}
          <button
            type="submit"
            className="button button-main"
            disabled={isBusy || repo.trim() === '' || token.trim() === ''}
          >
            {isBusy ? w.sending : w.send}
          </button>
        </form>
      ) : (
        <p role="status">
          {w.done}{' '}
          <a href={url} target="_blank" rel="noreferrer">
            {url}
          </a>
        </p>
      )}
    </Dialog>
  );
}
