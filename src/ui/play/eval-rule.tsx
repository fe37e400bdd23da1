import { useId } from 'react';
import { useStore } from 'zustand';
import { Choice } from '../controls/choice.tsx';
import { Switch } from '../controls/switch.tsx';
import { changeRule, evalStore } from './eval-store.ts';
import { RULE_KINDS } from './match.ts';
import { words } from './words.ts';

/** When an answer counts. */
export function EvalRule() {
  const { kind, pattern, isLoose } = useStore(evalStore, (s) => s.rule);
  const id = useId();
  const w = words.evaluate;
  return (
    <div className="stack-tight">
      <Choice
        name={w.rule}
        value={kind}
        options={RULE_KINDS.map((value) => ({ value, label: w.ruleName[value] }))}
        onChange={(value) => changeRule({ kind: value })}
      />
      {kind === 'regex' && (
        <div className="field">
          <label className="field-name" htmlFor={id}>
            {w.pattern}
          </label>
          <input
            id={id}
            className="input mono"
            value={pattern}
            spellCheck={false}
            autoComplete="off"
            aria-describedby={`${id}-hint`}
            onChange={(event) => changeRule({ pattern: event.target.value })}
          />
          <p className="hint" id={`${id}-hint`}>
            {w.patternHint}
          </p>
        </div>
      )}
      <Switch name={w.loose} hint={w.looseHint} checked={isLoose} onChange={(on) => changeRule({ isLoose: on })} />
    </div>
  );
}
