import { useStore } from 'zustand';
import type { TrainSettings } from '../../engine/protocol.ts';
import { baseStore } from '../base/base-store.ts';
import { Choice } from '../controls/choice.tsx';
import { Select } from '../controls/select.tsx';
import { Switch } from '../controls/switch.tsx';
import { bytes } from '../format.ts';
import { readLayers, writeLayers } from './layer-numbers.ts';
import { planStore } from './plan-store.ts';
import { running, runStore } from './run-store.ts';
import { Setting } from './settings-panel.tsx';
import { changeLora, settingsStore } from './settings-store.ts';
import { TextSetting } from './text-setting.tsx';
import { words } from './words.ts';

type Bias = NonNullable<NonNullable<TrainSettings['lora']>['bias']>;
type Init = keyof typeof words.lora.inits;
const BIASES = Object.keys(words.lora.biases) as Bias[];
const INITS = Object.keys(words.lora.inits) as Init[];
const RHOS = [1, 2, 4];
/** PEFT's. */
const USUAL_RHO = 2;
const NOTHING: NonNullable<TrainSettings['lora']> = {};

/** What PEFT's LoraConfig makes of LoRA. */
export function AdapterKind() {
  const lora = useStore(settingsStore, (s) => s.settings.lora) ?? NOTHING;
  const isGiven = useStore(settingsStore, (s) => s.from !== undefined);
  const locked = useStore(runStore, running) || isGiven;
  const w = words.lora;
  const init = INITS.find((name) => name === lora.init_lora_weights) ?? 'default';
  const rho = lora.eva_config?.rho ?? USUAL_RHO;
  return (
    <>
      <Switch
        name={w.rslora}
        hint={w.rsloraHint}
        checked={lora.use_rslora === true}
        disabled={locked}
        onChange={(on) => changeLora({ use_rslora: on })}
      />
      <Switch
        name={w.dora}
        hint={w.doraHint}
        checked={lora.use_dora === true}
        disabled={locked}
        onChange={(on) => changeLora({ use_dora: on })}
      />
      <Setting name="loraPlusRatio" noSlider />
      <Choice
        name={w.bias}
        value={lora.bias ?? 'none'}
        options={BIASES.map((value) => ({ value, label: w.biases[value] }))}
        hint={w.biasHint}
        disabled={locked}
        onChange={(bias) => changeLora({ bias })}
      />
      <Select
        name={w.init}
        value={init}
        options={INITS.map((value) => ({ value, label: w.inits[value] }))}
        hint={init === 'eva' ? w.evaHint : w.initHint}
        disabled={locked}
        onChange={(value) => changeLora({ init_lora_weights: value === 'default' ? true : value, eva_config: null })}
      />
      {init === 'eva' && (
        <Choice
          name={w.evaRho}
          value={String(rho)}
          options={[...new Set([...RHOS, rho])].map((value) => ({ value: String(value), label: w.evaRhos(value) }))}
          hint={w.evaRhoHint}
          disabled={locked}
          onChange={(value) => changeLora({ eva_config: evaWith(lora.eva_config, Number(value)) })}
        />
      )}
      <Saved locked={locked} />
      <TextSetting
        name={w.exclude}
        hint={w.excludeHint}
        value={[lora.exclude_modules ?? []].flat().join(', ')}
        disabled={locked}
        onChange={(text) => {
          const names = text.split(',').flatMap((name) => name.trim() || []);
          changeLora({ exclude_modules: names.length > 0 ? names : null });
          return undefined;
        }}
      />
      <TextSetting
        name={w.layers}
        hint={w.layersHint}
        value={writeLayers([lora.layers_to_transform ?? []].flat())}
        disabled={locked}
        onChange={(text) => {
          const layers = readLayers(text);
          if (layers === undefined) return w.layersWrong;
          changeLora({ layers_to_transform: layers.length > 0 ? layers : null });
          return undefined;
        }}
      />
    </>
  );
}

/** null: as usual. */
function evaWith(eva: NonNullable<TrainSettings['lora']>['eva_config'], rho: number) {
  const { rho: _, ...rest } = eva ?? {};
  const changed = rho === USUAL_RHO ? rest : { ...rest, rho };
  return Object.keys(changed).length > 0 ? changed : null;
}

function Saved({ locked }: { locked: boolean }) {
  const savable = useStore(baseStore, (s) => s.report?.savable);
  const names = useStore(settingsStore, (s) => s.settings.lora?.modules_to_save) ?? [];
  const cost = useStore(planStore, (s) => s.plan?.savedBytes) ?? 0;
  const w = words.lora;
  if (savable === undefined) return null;
  const parts = { head: [savable.head], embeddings: savable.embeddings, norms: savable.norms };
  return (
    <fieldset className="field" disabled={locked} aria-describedby="saved-hint">
      <legend className="field-name">{w.saved}</legend>
      <div className="chips">
        {(['head', 'embeddings', 'norms'] as const).map((kind) => {
          const own = parts[kind];
          const isOn = own.length > 0 && own.every((name) => names.includes(name));
          const rest = names.filter((name) => !own.includes(name));
          return (
            <label className="chip-check" key={kind}>
              <input
                type="checkbox"
                checked={isOn}
                onChange={() => changeLora({ modules_to_save: isOn ? rest : [...rest, ...own] })}
              />
              <span aria-hidden="true">{isOn ? '✓' : '+'}</span>
              {w.savedParts[kind]}
            </label>
          );
        })}
      </div>
      <p className="hint" id="saved-hint">
        {names.length > 0 && cost > 0 ? w.savedCost(bytes(cost)) : w.savedNone}
      </p>
    </fieldset>
  );
}
