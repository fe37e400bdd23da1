import { useEffect, useId } from 'react';
import { useStore } from 'zustand';
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
        <Typed name={w.id} hint={w.idHint} value={id} onChange={(next) => hubStore.setState({ id: next })} />
        <div className="hub-pair">
          <Typed name={w.revision} value={revision} onChange={(next) => hubStore.setState({ revision: next })} />
          <Typed name={w.token} secret value={token} onChange={(next) => hubStore.setState({ token: next })} />
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

function Typed(props: {
  name: string;
  value: string;
  hint?: string;
  secret?: boolean;
  onChange: (next: string) => void;
}) {
  const id = useId();
  return (
    <div className="field">
      <label className="field-name" htmlFor={id}>
        {props.name}
      </label>
      <input
        id={id}
        className="input"
        type={props.secret ? 'password' : 'text'}
        autoComplete={props.secret ? 'new-password' : 'off'}
        autoCapitalize="none"
        spellCheck={false}
        value={props.value}
        aria-describedby={props.hint ? `${id}-hint` : undefined}
        onChange={(event) => props.onChange(event.target.value)}
      />
      {props.hint && (
        <p className="hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}
