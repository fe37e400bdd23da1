import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import { Choice } from '../controls/choice.tsx';
import { Field } from '../controls/field.tsx';
import { NumberField } from '../controls/number-field.tsx';
import type { NumberRule } from '../controls/number-rule.ts';
import { Switch } from '../controls/switch.tsx';
import { dataStore } from '../data/data-store.ts';
import { libraryStore } from '../library/library-store.ts';
import { changePlay, changePlaySettings, playStore, type PlaySettings as Settings } from './play-store.ts';
import { trainedPrompting } from './prompting.ts';
import { words } from './words.ts';

type KeyedRule = NumberRule & { readonly key: keyof Settings };
const tenths = (from: number, to: number) => Array.from({ length: (to - from) * 10 + 1 }, (_, i) => from + i / 10);

const FEW: readonly KeyedRule[] = [
  { key: 'maxTokens', ...words.maxTokens, min: 1, max: 4096, whole: true, stops: [16, 32, 64, 128, 256, 512] },
  { key: 'temperature', ...words.temperature, min: 0, max: 2, stops: tenths(0, 2) },
];

/** What only counts when words are drawn, above temperature 0, and what few people touch. */
const MORE: readonly KeyedRule[] = [
  { key: 'topP', ...words.topP, min: 0.01, max: 1, stops: [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1] },
  { key: 'topK', ...words.topK, min: 0, max: 1000, whole: true, stops: [0, 1, 5, 10, 20, 40, 100] },
  { key: 'minP', ...words.minP, min: 0, max: 1, stops: [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5] },
  { key: 'repetitionPenalty', ...words.repetition, min: 1, max: 2, stops: [1, 1.05, 1.1, 1.2, 1.3, 1.5, 2] },
  { key: 'seed', ...words.seed, min: 0, max: 2_147_483_647, whole: true, stops: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
];

export function PlaySettings() {
  const showsDoubt = useStore(playStore, (s) => s.showsDoubt);
  const mode = useStore(playStore, (s) => s.mode);
  return (
    <section className="stack-tight play-settings" aria-labelledby="play-settings">
      <h2 id="play-settings">{words.settings}</h2>
      <Mode />
      <Numbers rules={FEW} />
      {mode === 'chat' && (
        <Switch
          name={words.doubt}
          hint={words.doubtHint}
          checked={showsDoubt}
          onChange={(on) => changePlay({ showsDoubt: on })}
        />
      )}
      <Prompting />
      <details className="play-more">
        <summary>{words.moreSettings}</summary>
        <div className="stack-tight">
          <Numbers rules={MORE} />
          <StopTexts />
        </div>
      </details>
    </section>
  );
}

function Numbers({ rules }: { rules: readonly KeyedRule[] }) {
  const settings = useStore(playStore, (s) => s.settings);
  return rules.map(({ key, ...rule }) => (
    <NumberField
      key={key}
      rule={rule}
      value={settings[key]}
      onChange={(value) => changePlaySettings({ [key]: value })}
    />
  ));
}

function StopTexts() {
  const stopTexts = useStore(playStore, (s) => s.stopTexts);
  return (
    <Lines
      name={words.stopTexts}
      hint={words.stopTextsHint}
      value={stopTexts}
      onChange={(value) => changePlay({ stopTexts: value })}
    />
  );
}

function Mode() {
  const chat = useStore(playStore, (s) => s.chat);
  const hasTemplate = useStore(baseStore, (s) => s.report?.hasChatTemplate ?? true);
  return (
    <Choice
      name={words.mode}
      value={chat && hasTemplate ? 'chat' : 'continue'}
      options={[
        { value: 'chat', label: words.chat, disabled: !hasTemplate },
        { value: 'continue', label: words.continue },
      ]}
      {...(hasTemplate ? {} : { hint: words.noTemplate })}
      onChange={(mode) => changePlay({ chat: mode === 'chat' })}
    />
  );
}

/** How questions are put, where it is not by the adapter's rows alone. */
function Prompting() {
  const own = useStore(playStore, (s) => s.ownSystem);
  const isOwnWording = useStore(playStore, (s) => s.isOwnWording);
  const isChat = useStore(playStore, (s) => s.chat);
  const columns = useStore(playStore, (s) => s.columns);
  useStore(libraryStore, (s) => s.adapters);
  useStore(dataStore, (s) => s.report?.prompting);
  const { system, wording } = trainedPrompting(columns);
  if (!isChat) return null;
  return (
    <>
      <Lines
        name={words.system}
        hint={own === undefined && system !== undefined ? words.systemTrained : words.systemHint}
        value={own ?? system ?? ''}
        onChange={(ownSystem) => changePlay({ ownSystem })}
      />
      {own !== undefined && system !== undefined && own !== system && (
        <button type="button" className="button small" onClick={() => changePlay({ ownSystem: undefined })}>
          {words.systemBack}
        </button>
      )}
      {wording !== undefined && (
        <Switch
          name={words.wording}
          hint={words.wordingHint(wording)}
          checked={!isOwnWording}
          onChange={(on) => changePlay({ isOwnWording: !on })}
        />
      )}
    </>
  );
}

function Lines(props: { name: string; hint: string; value: string; onChange: (value: string) => void }) {
  return (
    <Field
      name={props.name}
      hint={props.hint}
      control={(tied) => (
        <textarea
          {...tied}
          className="input"
          rows={2}
          value={props.value}
          onChange={(event) => props.onChange(event.target.value)}
        />
      )}
    />
  );
}
