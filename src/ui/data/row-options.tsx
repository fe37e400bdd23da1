import { useStore } from 'zustand';
import type { DatasetOptions } from '../../engine/protocol.ts';
import { baseStore } from '../base/base-store.ts';
import { Choice } from '../controls/choice.tsx';
import { NumberField } from '../controls/number-field.tsx';
import { Switch } from '../controls/switch.tsx';
import { running, runStore } from '../train/run-store.ts';
import { ruleFor } from '../train/settings-rules.ts';
import { changeSettings, settingsStore } from '../train/settings-store.ts';
import { correct, dataStore } from './data-store.ts';
import { Lengths } from './lengths.tsx';
import { words } from './words.ts';

const LONG_ROWS: readonly DatasetOptions['longRows'][] = ['truncate', 'split', 'drop'];

export function RowOptions() {
  const completionOnly = useStore(dataStore, (s) => s.completionOnly);
  const longRows = useStore(dataStore, (s) => s.longRows);
  const seqLen = useStore(settingsStore, (s) => s.settings.seqLen);
  const context = useStore(baseStore, (s) => s.report?.contextTokens);
  const locked = useStore(runStore, running);
  return (
    <section className="card stack-tight" aria-labelledby="trained-on">
      <h2 id="trained-on">{words.options}</h2>
      <Switch
        name={words.completionOnly}
        hint={words.completionOnlyHint}
        checked={completionOnly}
        disabled={locked}
        onChange={(on) => void correct({ completionOnly: on })}
      />
      <NumberField
        rule={{ ...ruleFor('seqLen', context), ...words.longest }}
        value={seqLen}
        disabled={locked}
        onChange={(value) => changeSettings({ seqLen: value })}
      />
      <Lengths />
      <Choice
        name={words.longRows}
        value={longRows}
        options={LONG_ROWS.map((value) => ({ value, label: words.longRow[value] }))}
        hint={words.longRowHint[longRows]}
        disabled={locked}
        onChange={(value) => void correct({ longRows: value })}
      />
    </section>
  );
}
