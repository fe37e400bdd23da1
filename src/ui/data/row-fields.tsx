import { useEffect, useId, useState } from 'react';
import type { Fields } from '../../engine/protocol.ts';
import { Field } from '../controls/field.tsx';
import { Icon } from '../controls/icon.tsx';
import { readTurns, type Turn, writeTurns } from './row-turns.ts';
import { words } from './words.ts';

/** Each field as what it is: text, the turns of a chat, or anything else as JSON. */
export function RowFields(props: {
  fields: Fields;
  onChange: (fields: Fields) => void;
  onValid: (isValid: boolean) => void;
}) {
  const { fields, onChange } = props;
  const change = (at: number, value: unknown) =>
    onChange(fields.map(([name, old], i) => [name, i === at ? value : old] as const));
  return fields.map(([name, value], at) => {
    const turns = readTurns(value);
    if (typeof value === 'string')
      return <TextArea key={name} name={name} value={value} onChange={(text) => change(at, text)} />;
    if (turns)
      return (
        <TurnFields key={name} name={name} turns={turns} onChange={(next) => change(at, writeTurns(next, value))} />
      );
    return (
      <JsonField key={name} name={name} value={value} onChange={(next) => change(at, next)} onValid={props.onValid} />
    );
  });
}

/** A text area with more characters than this holds the page up at every letter. */
const MAX_CHARS = 200_000;
const SHOWN_CHARS = 2000;

function TextArea(props: { name: string; value: string; onChange: (text: string) => void }) {
  if (props.value.length > MAX_CHARS) return <LongText name={props.name} value={props.value} />;
  return (
    <Field
      name={props.name}
      control={(tied) => (
        <textarea
          {...tied}
          className="input"
          rows={Math.min(10, 2 + Math.floor(props.value.length / 70))}
          value={props.value}
          onChange={(event) => props.onChange(event.target.value)}
        />
      )}
    />
  );
}

/** Its beginning, and that it stays as it is. */
function LongText({ name, value }: { name: string; value: string }) {
  return (
    <div className="field">
      <span className="field-name">{name}</span>
      <pre className="row-long breaks">{`${value.slice(0, SHOWN_CHARS)}…`}</pre>
      <p className="hint">{words.row.tooLong(value.length, MAX_CHARS)}</p>
    </div>
  );
}

function TurnFields(props: { name: string; turns: readonly Turn[]; onChange: (turns: readonly Turn[]) => void }) {
  const { turns, onChange } = props;
  const w = words.row;
  const nextRole = turns.at(-1)?.role === 'user' ? 'assistant' : 'user';
  return (
    <fieldset className="stack-tight">
      <legend className="field-name">{props.name}</legend>
      {turns.map((turn, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a turn is its place in the talk
        <div key={at} className="row-turn">
          <TextArea
            name={w.turn(at + 1, turn.role)}
            value={turn.content}
            onChange={(content) => onChange(turns.map((old, i) => (i === at ? { ...old, content } : old)))}
          />
          <button
            type="button"
            className="button button-plain button-icon"
            aria-label={w.removeTurn(at + 1)}
            onClick={() => onChange(turns.filter((_, i) => i !== at))}
          >
            <Icon name="trash" />
          </button>
        </div>
      ))}
      <button
        type="button"
        className="button"
        onClick={() => onChange([...turns, { role: nextRole, content: '', from: undefined }])}
      >
        {w.addTurn}
      </button>
    </fieldset>
  );
}

function JsonField(props: {
  name: string;
  value: unknown;
  onChange: (value: unknown) => void;
  onValid: (isValid: boolean) => void;
}) {
  const id = useId();
  const [text, setText] = useState(() => JSON.stringify(props.value ?? null, undefined, 1));
  const [isValid, setIsValid] = useState(true);
  const { onValid } = props;
  useEffect(() => onValid(isValid), [isValid, onValid]);

  function type(next: string) {
    setText(next);
    try {
      props.onChange(JSON.parse(next));
      setIsValid(true);
    } catch {
      setIsValid(false);
    }
  }

  if (text.length > MAX_CHARS) return <LongText name={props.name} value={text} />;
  return (
    <div className="field">
      <label className="field-name" htmlFor={id}>
        {props.name} <span className="soft">({words.row.json})</span>
      </label>
      <textarea
        id={id}
        className="input mono"
        rows={4}
        value={text}
        aria-invalid={!isValid}
        aria-describedby={isValid ? undefined : `${id}-wrong`}
        onChange={(event) => type(event.target.value)}
      />
      {!isValid && (
        <p className="wrong" id={`${id}-wrong`} role="alert">
          {words.row.badJson}
        </p>
      )}
    </div>
  );
}
