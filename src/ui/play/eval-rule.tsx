import { useStore } from 'zustand';
import { Choice } from '../controls/choice.tsx';
import { Field } from '../controls/field.tsx';
import { Switch } from '../controls/switch.tsx';
import { changeRule, evalStore } from './eval-store.ts';
import { RULE_KINDS } from './match.ts';
import { words } from './words.ts';

/** When an answer counts. */
export function EvalRule() {
  const { kind, pattern, isLoose } = useStore(evalStore, (s) => s.rule);
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
        <Field
          name={w.pattern}
          hint={w.patternHint}
          control={(tied) => (
            <input
              {...tied}
              className="input mono"
              value={pattern}
              spellCheck={false}
              autoComplete="off"
              onChange={(event) => changeRule({ pattern: event.target.value })}
            />
          )}
        />
      )}
      <Switch name={w.loose} hint={w.looseHint} checked={isLoose} onChange={(on) => changeRule({ isLoose: on })} />
    </div>
  );
}
