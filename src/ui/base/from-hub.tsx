import { useEffect } from 'react';
import { useStore } from 'zustand';
import { TextField } from '../controls/text-field.tsx';
import { running, runStore } from '../train/run-store.ts';
import { baseStore } from './base-store.ts';
import { HubChoices } from './hub-choices.tsx';
import { hubStore, loadChoices, openTyped } from './hub-store.ts';
import { words } from './words.ts';

export function FromHub() {
  const { id, revision, token, problem } = useStore(hubStore);
  const isOpening = useStore(baseStore, (s) => s.status === 'opening');
  const locked = useStore(runStore, running);
  useEffect(() => void loadChoices(), []);
  const w = words.hub;
  return (
    <section className="card stack-tight" aria-labelledby="from-hub">
      <h2 id="from-hub">{w.title}</h2>
      <p className="soft small">{w.body}</p>
      <form
        className="stack-tight"
        onSubmit={(event) => {
          event.preventDefault();
          openTyped();
        }}
      >
        <TextField name={w.id} hint={w.idHint} value={id} onChange={(next) => hubStore.setState({ id: next })} />
        <div className="hub-pair">
          <TextField name={w.revision} value={revision} onChange={(next) => hubStore.setState({ revision: next })} />
          <TextField name={w.token} secret value={token} onChange={(next) => hubStore.setState({ token: next })} />
        </div>
        <p className="hint">{w.tokenHint}</p>
        <button type="submit" className="button" disabled={locked || isOpening || id.trim() === ''}>
          {w.open}
        </button>
      </form>
      <HubChoices />
      {problem && <p className="wrong">{problem}.</p>}
    </section>
  );
}
