import { useState } from 'react';
import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import { running, runStore } from './run-store.ts';
import { changeSettings, settingsStore } from './settings-store.ts';
import { words } from './words.ts';

const NO_NAMES: readonly string[] = [];

export function Targets() {
  const names = useStore(baseStore, (s) => s.report?.linearNames) ?? NO_NAMES;
  const targets = useStore(settingsStore, (s) => s.settings.targets);
  const isRunning = useStore(runStore, running);
  const isGiven = useStore(settingsStore, (s) => s.from !== undefined);
  const locked = isRunning || isGiven;
  const [problem, setProblem] = useState<string>();
  const isOn = (name: string) => targets === 'all-linear' || targets.includes(name);

  function set(name: string, on: boolean) {
    const next = names.filter((n) => (n === name ? on : isOn(n)));
    setProblem(next.length === 0 ? words.targets.none : undefined);
    if (next.length > 0) changeSettings({ targets: next.length === names.length ? 'all-linear' : next });
  }

  return (
    <fieldset className="field" disabled={locked} aria-describedby="targets-hint">
      <legend className="field-name">{words.targets.name}</legend>
      <div className="chips">
        <Chip
          name={words.targets.all}
          checked={targets === 'all-linear'}
          onChange={() => changeSettings({ targets: 'all-linear' })}
        />
        {names.map((name) => (
          <Chip key={name} name={name} checked={isOn(name)} onChange={(on) => set(name, on)} />
        ))}
      </div>
      <p className={problem ? 'wrong' : 'hint'} id="targets-hint">
        {problem ?? words.targets.hint}
      </p>
    </fieldset>
  );
}

function Chip(props: { name: string; checked: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="chip-check">
      <input type="checkbox" checked={props.checked} onChange={(event) => props.onChange(event.target.checked)} />
      <span aria-hidden="true">{props.checked ? '✓' : '+'}</span>
      {props.name}
    </label>
  );
}
