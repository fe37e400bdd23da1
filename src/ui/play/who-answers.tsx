import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import { isRunningAdapter, runningAdapter } from '../../engine/protocol.ts';
import { baseStore } from '../base/base-store.ts';
import { Icon } from '../controls/icon.tsx';
import { NumberField } from '../controls/number-field.tsx';
import type { NumberRule } from '../controls/number-rule.ts';
import { Select } from '../controls/select.tsx';
import { libraryStore } from '../library/library-store.ts';
import { isGoing, runStore } from '../train/run-store.ts';
import { addColumn, type Column, changeColumn, MAX_COLUMNS, playStore, removeColumn } from './play-store.ts';
import { words } from './words.ts';

const STRENGTH: NumberRule = {
  name: words.strength,
  hint: words.strengthHint,
  min: 0,
  max: 4,
  stops: Array.from({ length: 21 }, (_, i) => i / 10),
};

/** A soft prompt stands before the text or does not. */
const PRESENCE: NumberRule = { ...STRENGTH, hint: words.presenceHint, max: 1, whole: true, stops: [0, 1] };

/** The columns: who answers, and how strongly. */
export function WhoAnswers() {
  const columns = useStore(playStore, (s) => s.columns);
  const options = useContestants();
  const next = options.find(({ value }) => !columns.some((column) => (column.adapterId ?? '') === value));
  return (
    <section className="stack-tight" aria-labelledby="who-answers">
      <h2 id="who-answers">{words.who}</h2>
      <ul className="stack-tight">
        {columns.map((column, i) => (
          <li key={column.key} className={column.adapterId === null ? 'who who-base' : 'who who-adapter'}>
            <ColumnFields column={column} name={words.column(i)} />
          </li>
        ))}
      </ul>
      {columns.length < MAX_COLUMNS && (
        <button
          type="button"
          className="button"
          onClick={() => addColumn((next?.value ?? '') === '' ? null : next!.value)}
        >
          {words.addColumn}
        </button>
      )}
      {columns.length === MAX_COLUMNS && <p className="hint">{words.mostColumns(MAX_COLUMNS)}</p>}
      {options.length === 1 && <p className="hint">{words.noAdapterYet}</p>}
    </section>
  );
}

function ColumnFields({ column, name }: { column: Column; name: string }) {
  const options = useContestants();
  const isOnly = useStore(playStore, (s) => s.columns.length === 1);
  const hasPrompt = useHasPrompt();
  function choose(id: string) {
    const isWhole = column.strength === 0 || column.strength === 1;
    const strength = hasPrompt(id) && !isWhole ? 1 : column.strength;
    changeColumn(column.key, { adapterId: id === '' ? null : id, strength });
  }
  return (
    <>
      <div className="who-line">
        <Select name={name} value={column.adapterId ?? ''} options={options} onChange={choose} />
        {!isOnly && (
          <button
            type="button"
            className="button button-plain button-icon"
            aria-label={words.removeColumn(name)}
            title={words.removeColumn(name)}
            onClick={() => removeColumn(column.key)}
          >
            <Icon name="close" />
          </button>
        )}
      </div>
      {column.adapterId !== null && (
        <NumberField
          rule={hasPrompt(column.adapterId) ? PRESENCE : STRENGTH}
          value={column.strength}
          onChange={(strength) => changeColumn(column.key, { strength })}
        />
      )}
    </>
  );
}

/** Whether the adapter of this id is a soft prompt. */
function useHasPrompt(): (id: string) => boolean {
  const adapters = useStore(libraryStore, (s) => s.adapters);
  const ofRun = useStore(runStore, (s) => s.settings?.method);
  return (id) =>
    isRunningAdapter(id)
      ? ofRun === 'prompt-tuning'
      : adapters.some((adapter) => adapter.id === id && adapter.method === 'prompt tuning');
}

/** The base, the run that goes on and every adapter, as options. */
function useContestants() {
  const adapters = useStore(libraryStore, (s) => s.adapters);
  const base = useStore(baseStore, (s) => s.report);
  const members = useStore(
    runStore,
    useShallow((s) => s.members.filter(isGoing).flatMap(({ runId, name }) => (runId ? [runId, name] : []))),
  );
  const going = members.flatMap((runId, i) => (i % 2 === 0 ? [{ runId, name: members[i + 1]! }] : []));
  return [
    { value: '', label: words.base },
    ...going.map(({ runId, name }) => ({ value: runningAdapter(runId), label: words.runningOption(name) })),
    ...adapters.map((adapter) => ({
      value: adapter.id,
      label: base && adapter.baseHash !== base.hash ? words.madeFor(adapter.name, adapter.baseName) : adapter.name,
    })),
  ];
}
