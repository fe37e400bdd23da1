import { useId, useState } from 'react';
import { useStore } from 'zustand';
import { MOST_TOGETHER } from '../../engine/protocol.ts';
import { Choice } from '../controls/choice.tsx';
import { Icon } from '../controls/icon.tsx';
import { readNumber } from '../controls/number-rule.ts';
import { dataStore } from '../data/data-store.ts';
import {
  addValue,
  type Comparable,
  type ComparedNumber,
  changeValue,
  compare,
  compareStore,
  removeValue,
  whyNotCompare,
} from './compare-store.ts';
import { RecipeAdapters } from './recipe-adapters.tsx';
import { running, runStore } from './run-store.ts';
import { ruleFor } from './settings-rules.ts';
import { settingsStore } from './settings-store.ts';
import { words } from './words.ts';

/** One adapter, or up to four at once that differ in one thing. */
export function Compare() {
  const { what, adapters } = useStore(compareStore);
  const locked = useStore(runStore, running);
  const isGiven = useStore(settingsStore, (s) => s.from !== undefined);
  const method = useStore(settingsStore, (s) => s.settings.method ?? 'lora');
  const files = useStore(dataStore, (s) => s.report?.rowFiles.length ?? 0);
  const w = words.compare;
  if (isGiven) return null;
  return (
    <section className="compare stack-tight" aria-label={w.name}>
      <Choice
        name={w.name}
        value={what ?? 'none'}
        options={[
          { value: 'none', label: w.none },
          { value: 'rank', label: w.rank, disabled: method !== 'lora' },
          { value: 'learningRate', label: w.learningRate },
          { value: 'files', label: w.files, disabled: files < 2 && what !== 'files' },
          ...(adapters.length > 0 ? [{ value: 'recipe' as const, label: w.recipe }] : []),
        ]}
        hint={w.hint[what ?? 'none']}
        disabled={locked}
        onChange={(next: Comparable | 'none') => compare(next === 'none' ? undefined : next)}
      />
      {what === 'files' && <Files />}
      {what === 'recipe' && (
        <>
          <RecipeAdapters adapters={adapters} />
          <Problem />
        </>
      )}
      {(what === 'rank' || what === 'learningRate') && <Values what={what} locked={locked} />}
    </section>
  );
}

function Files() {
  const files = useStore(dataStore, (s) => s.report?.rowFiles) ?? [];
  const w = words.compare;
  return (
    <>
      <ul className="compare-files small number">
        {files.slice(0, MOST_TOGETHER).map(({ name, rows }) => (
          <li key={name} className="breaks">
            {name} <span className="soft">{words.rows(rows)}</span>
          </li>
        ))}
      </ul>
      {files.length > MOST_TOGETHER && <p className="hint">{w.moreFiles(files.length - MOST_TOGETHER)}</p>}
      <Problem />
    </>
  );
}

function Values({ what, locked }: { what: ComparedNumber; locked: boolean }) {
  const values = useStore(compareStore, (s) => s[what]);
  const w = words.compare;
  return (
    <>
      <ul className="compare-values">
        {values.map((value, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a value has no other name than its place
          <li key={i}>
            <Value what={what} index={i} value={value} locked={locked} />
          </li>
        ))}
        {values.length < MOST_TOGETHER && (
          <li>
            <button type="button" className="button button-small" disabled={locked} onClick={() => addValue(what)}>
              {w.add}
            </button>
          </li>
        )}
      </ul>
      <Problem />
    </>
  );
}

function Value(props: { what: ComparedNumber; index: number; value: number; locked: boolean }) {
  const { what, index, value, locked } = props;
  const [draft, setDraft] = useState<string>();
  const id = useId();
  const rule = ruleFor(what);
  const problem = draft === undefined ? undefined : readNumber(rule, draft).problem;
  const name = words.compare.value(rule.name, index + 1);
  const type = (text: string) => {
    setDraft(text);
    const read = readNumber(rule, text);
    if (read.value !== undefined) changeValue(what, index, read.value);
  };
  return (
    <span className="compare-value">
      <input
        className="input"
        type="number"
        inputMode="decimal"
        step="any"
        aria-label={name}
        aria-invalid={problem !== undefined}
        aria-describedby={problem ? id : undefined}
        value={draft ?? String(value)}
        disabled={locked}
        onChange={(event) => type(event.target.value)}
        onBlur={() => setDraft(undefined)}
      />
      <button
        type="button"
        className="button button-plain button-icon"
        aria-label={words.compare.remove(name)}
        title={words.compare.remove(name)}
        disabled={locked}
        onClick={() => removeValue(what, index)}
      >
        <Icon name="close" />
      </button>
      {problem && (
        <span className="wrong small" id={id} role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}

function Problem() {
  useStore(compareStore);
  useStore(dataStore, (s) => s.report);
  const problem = whyNotCompare();
  return problem === undefined ? null : <p className="wrong">{problem}</p>;
}
