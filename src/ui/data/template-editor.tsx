import { useEffect, useRef, useState } from 'react';
import type { DatasetMapping, MappingTrial } from '../../engine/protocol.ts';
import { Field } from '../controls/field.tsx';
import { engine, sentence } from '../engine.ts';
import { correct, dataStore } from './data-store.ts';
import { useLocked } from './locked.ts';
import { words } from './words.ts';

type Template = NonNullable<DatasetMapping['template']>;
/** Columns offered as chips; more are still written by hand. */
const MAX_CHIPS = 24;
const TRIAL_ROWS = 3;

/** Prompt and answer in the user's own words, with what the first rows become, letter by letter. */
export function TemplateEditor({ mapping, columns }: { mapping: DatasetMapping; columns: readonly string[] }) {
  const [draft, setDraft] = useState<Template>(mapping.template ?? { prompt: '', completion: '' });
  const locked = useLocked();
  const w = words.template;
  const isInUse = draft.prompt === mapping.template?.prompt && draft.completion === mapping.template.completion;
  const part = (key: keyof Template, name: string) => (
    <TemplateField
      name={name}
      value={draft[key]}
      columns={columns.slice(0, MAX_CHIPS)}
      disabled={locked}
      onChange={(text) => setDraft({ ...draft, [key]: text })}
    />
  );
  return (
    <div className="stack-tight">
      <p className="hint">{w.hint}</p>
      {part('prompt', w.prompt)}
      {part('completion', w.completion)}
      <Trial template={draft} />
      {isInUse ? (
        <p className="hint">{w.unchanged}</p>
      ) : (
        <button
          type="button"
          className="button button-main"
          disabled={locked}
          onClick={() => void correct({ mapping: { shape: 'template', columns: {}, template: draft } })}
        >
          {w.apply}
        </button>
      )}
    </div>
  );
}

function TemplateField(props: {
  name: string;
  value: string;
  columns: readonly string[];
  disabled: boolean;
  onChange: (text: string) => void;
}) {
  const field = useRef<HTMLTextAreaElement>(null);

  function insert(column: string) {
    const at = field.current?.selectionStart ?? props.value.length;
    const end = field.current?.selectionEnd ?? at;
    props.onChange(`${props.value.slice(0, at)}{{${column}}}${props.value.slice(end)}`);
    field.current?.focus();
  }

  return (
    <Field
      name={props.name}
      control={(tied) => (
        <textarea
          {...tied}
          ref={field}
          className="input mono"
          rows={3}
          value={props.value}
          disabled={props.disabled}
          onChange={(event) => props.onChange(event.target.value)}
        />
      )}
    >
      <fieldset className="template-chips">
        <legend className="unseen">{`${words.template.insert}: ${props.name}`}</legend>
        {props.columns.map((column) => (
          <button
            key={column}
            type="button"
            className="button template-chip breaks"
            disabled={props.disabled}
            onClick={() => insert(column)}
          >
            {column}
          </button>
        ))}
      </fieldset>
    </Field>
  );
}

function Trial({ template }: { template: Template }) {
  const [trials, setTrials] = useState<readonly MappingTrial[]>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    let isOld = false;
    const { systemPrompt } = dataStore.getState();
    const mapping: DatasetMapping = { shape: 'template', columns: {}, template };
    engine()
      .data.tryMapping(mapping, systemPrompt, TRIAL_ROWS)
      .then(
        (found) => {
          if (isOld) return;
          setTrials(found);
          setProblem(undefined);
        },
        (error) => !isOld && setProblem(sentence(error)),
      );
    return () => {
      isOld = true;
    };
  }, [template]);
  const w = words.template;
  return (
    <section className="stack-tight" aria-label={w.preview}>
      <h3>{w.preview}</h3>
      {problem && <p className="wrong">{problem}</p>}
      {trials?.length === 0 && <p className="soft small">{w.none}</p>}
      <ol className="template-trials small">
        {trials?.map((trial) => (
          <li key={`${trial.file} ${trial.line}`}>
            {trial.problem ? <p className="wrong">{trial.problem}</p> : <pre className="breaks">{trial.rendered}</pre>}
          </li>
        ))}
      </ol>
    </section>
  );
}
