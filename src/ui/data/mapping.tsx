import { useStore } from 'zustand';
import type { DatasetMapping, DatasetShape } from '../../engine/protocol.ts';
import { Select } from '../controls/select.tsx';
import { running, runStore } from '../train/run-store.ts';
import { correct, dataStore } from './data-store.ts';
import { COLUMNS_OF, withColumn, withShape } from './mapping-edit.ts';
import { SystemPrompt } from './system-prompt.tsx';
import { TemplateEditor } from './template-editor.tsx';
import { words } from './words.ts';

const SHAPES = Object.keys(words.shapes) as DatasetShape[];

/** The focus goes to the first thing to choose. */
export function showMapping(): void {
  const region = document.querySelector('[aria-labelledby="how-read"]');
  region?.scrollIntoView({ block: 'nearest' });
  region?.querySelector('select')?.focus();
}

/** What the engine took the file for, and the means to say otherwise. */
export function Mapping() {
  const report = useStore(dataStore, (s) => s.report)!;
  const own = useStore(dataStore, (s) => s.mapping);
  const locked = useStore(runStore, running);
  const mapping = own ?? report.mapping;
  const change = (next: DatasetMapping) => void correct({ mapping: next });
  return (
    <section className="card stack-tight" aria-labelledby="how-read">
      <div className="line line-apart">
        <h2 id="how-read">{words.how}</h2>
        <span className="pill">
          {own ? words.corrected : report.problem === undefined ? words.detected : words.undetected}
        </span>
      </div>
      <p className="small">
        <span className="soft">{words.format}:</span> {report.format}
      </p>
      <Select
        name={words.shape}
        value={mapping.shape}
        options={SHAPES.map((value) => ({ value, label: words.shapes[value] }))}
        disabled={locked}
        onChange={(shape) => change(withShape(shape, mapping, report.columns))}
      />
      {COLUMNS_OF[mapping.shape].map(({ part, optional }) => (
        <Select
          key={part}
          name={words.column[part]}
          value={mapping.columns[part] ?? ''}
          options={[
            { value: '', label: words.noColumn, disabled: !optional },
            ...report.columns.map((column) => ({ value: column, label: column })),
          ]}
          disabled={locked}
          onChange={(column) => change(withColumn(mapping, part, column))}
        />
      ))}
      {mapping.shape === 'template' && (
        <TemplateEditor key={JSON.stringify(mapping)} mapping={mapping} columns={report.columns} />
      )}
      {mapping.shape !== 'text' && mapping.shape !== 'tokenized' && <SystemPrompt />}
      {own && (
        <button type="button" className="button" disabled={locked} onClick={() => void correct({ mapping: undefined })}>
          {words.detectAgain}
        </button>
      )}
      {locked && <p className="hint">{words.locked}</p>}
    </section>
  );
}
