import { useState } from 'react';
import { useStore } from 'zustand';
import type { RunRecord } from '../../engine/protocol.ts';
import { Field } from '../controls/field.tsx';
import { Icon } from '../controls/icon.tsx';
import { Select } from '../controls/select.tsx';
import { bytes } from '../format.ts';
import { libraryStore } from '../library/library-store.ts';
import { type Sample, SampleStrips } from '../samples/sample-strip.tsx';
import { SETTING_KEYS, settingName, settingText } from '../train/describe-settings.ts';
import { running, runStore } from '../train/run-store.ts';
import { deleteRun, fork, keepState, noteRun, runsStore, takeSettingsOf } from './runs-store.ts';
import { startOf } from './setting-differences.tsx';
import { words } from './words.ts';

const NONE: readonly Sample[] = [];

export function RunDetails({ run }: { run: RunRecord }) {
  const samples = useStore(runsStore, (s) => s.curves.get(run.id)?.samples) ?? NONE;
  return (
    <section className="card stack run-details" aria-label={words.detailsOf(run.name)}>
      <h2 className="breaks">{run.name}</h2>
      {run.trouble && <p className="wrong breaks">{run.trouble}.</p>}
      <div className="run-details-columns">
        <Facts run={run} />
        <div className="stack-tight">
          <StartFrom run={run} />
          <Notes run={run} />
          <Actions run={run} />
        </div>
      </div>
      {run.samples && samples.length > 0 && (
        <div className="stack-tight">
          <h3>{words.answers}</h3>
          <SampleStrips prompts={run.samples.prompts} samples={samples} />
        </div>
      )}
    </section>
  );
}

function Facts({ run }: { run: RunRecord }) {
  const { settings } = run;
  const isSet = (key: (typeof SETTING_KEYS)[number]) =>
    settings[key] !== undefined || key === 'checkpointing' || key === 'badNumbers';
  const facts = [
    [words.from, startOf(run)],
    [words.device, run.device],
    ...(run.memoryBytes === undefined ? [] : [[words.memory, bytes(run.memoryBytes)]]),
    ...SETTING_KEYS.filter(isSet).map((key) => [settingName(key), settingText(settings, key)]),
  ];
  return (
    <dl className="facts number">
      {facts.map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd className="breaks">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Where another run may begin: every state that was kept, and the adapter at the end. */
function StartFrom({ run }: { run: RunRecord }) {
  const hasAdapter = useStore(libraryStore, (s) => s.adapters.some(({ id }) => id === run.adapterId));
  const isRunning = useStore(runStore, running);
  const places = [...run.keptSteps.map(String), ...(hasAdapter ? ['adapter'] : [])];
  const [chosen, setChosen] = useState(places.at(-1) ?? '');
  if (places.length === 0) return <p className="soft small">{words.adapterGone}</p>;
  const options = places.map((value) => ({
    value,
    label: value === 'adapter' ? words.finished : words.step(Number(value)),
  }));
  return (
    <div className="stack-tight">
      <Select
        name={words.startHere}
        value={chosen}
        options={options}
        hint={words.kinds(run.keptSteps.length)}
        onChange={setChosen}
      />
      <div className="line">
        <button
          type="button"
          className="button button-main"
          disabled={isRunning}
          onClick={() => fork(run, chosen === 'adapter' ? 'adapter' : Number(chosen))}
        >
          {words.start}
        </button>
        {chosen !== 'adapter' && (
          <button type="button" className="button" onClick={() => void keepState(run, Number(chosen))}>
            {words.keep}
          </button>
        )}
      </div>
    </div>
  );
}

function Notes({ run }: { run: RunRecord }) {
  const [draft, setDraft] = useState(run.notes);
  return (
    <Field
      name={words.notes}
      hint={words.notesHint}
      control={(tied) => (
        <textarea
          {...tied}
          className="input"
          rows={3}
          maxLength={10_000}
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onBlur={() => draft !== run.notes && void noteRun(run.id, draft)}
        />
      )}
    />
  );
}

function Actions({ run }: { run: RunRecord }) {
  const isRunning = useStore(runStore, running);
  return (
    <div className="line">
      <button type="button" className="button" disabled={isRunning} onClick={() => takeSettingsOf(run)}>
        {words.use}
      </button>
      <button type="button" className="button" disabled={run.state === 'running'} onClick={() => void deleteRun(run)}>
        <Icon name="trash" /> {words.delete}
      </button>
    </div>
  );
}
