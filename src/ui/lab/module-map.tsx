import { useState } from 'react';
import type { AdapterAnatomy, ModuleAnatomy } from '../../engine/protocol.ts';
import { Bars } from './bars.tsx';
import { words } from './words.ts';

const w = words.changed;

/** Every linear of the base that the adapter sits on: kinds below each other, layers side by side. */
export function ModuleMap({ anatomy }: { anatomy: AdapterAnatomy }) {
  const [chosen, choose] = useState(0);
  const { modules } = anatomy;
  const values = modules.map(strengthOf);
  const most = Math.max(...values, 1e-30);
  const kinds = [...new Set(modules.map(({ path }) => kindOf(path)))];
  const layers = [...new Set(modules.map(({ path }) => layerOf(path)))].sort((a, b) => Number(a) - Number(b));
  const module = modules[chosen] ?? modules[0];
  const hasBase = modules.every(({ baseNorm }) => baseNorm !== undefined);
  return (
    <section className="card stack-tight" aria-labelledby="lab-changed">
      <h2 id="lab-changed">{w.title}</h2>
      <p className="soft small">{hasBase ? w.share : w.norm}</p>
      <fieldset className="lab-map" aria-label={w.title}>
        <div className="lab-map-row small soft number" aria-hidden="true">
          <span className="lab-map-name">{w.layers}</span>
          {layers.map((layer) => (
            <span className="lab-map-layer" key={layer}>
              {layer}
            </span>
          ))}
        </div>
        {kinds.map((kind) => (
          <div className="lab-map-row" key={kind}>
            <span className="small mono lab-map-name">{kind}</span>
            {layers.map((layer) => {
              const i = modules.findIndex(({ path }) => kindOf(path) === kind && layerOf(path) === layer);
              const m = modules[i];
              if (m === undefined) return <span className="lab-cell lab-cell-none" key={layer} />;
              const says = w.cell(m.path, m.baseNorm ? w.ofBase(values[i]!) : w.size(m.norm));
              return (
                <button
                  type="button"
                  key={m.path}
                  className="lab-cell"
                  aria-pressed={i === chosen}
                  aria-label={says}
                  title={says}
                  style={{ '--share': `${Math.round(8 + (92 * values[i]!) / most)}%` } as React.CSSProperties}
                  onClick={() => choose(i)}
                />
              );
            })}
          </div>
        ))}
      </fieldset>
      {module && <ModuleFacts module={module} />}
      {modules.some(({ isDora }) => isDora) && (
        <p className="small soft">{modules.some(({ wholeNorm }) => wholeNorm !== undefined) ? w.dora : w.doraAlone}</p>
      )}
      <Parts anatomy={anatomy} />
    </section>
  );
}

/** What is trained in full beside the linears. */
function Parts({ anatomy: { parts, unmeasured } }: { anatomy: AdapterAnatomy }) {
  if (unmeasured.length > 0) return <p className="small soft breaks">{w.unmeasured(unmeasured.join(', '))}</p>;
  if (parts.length === 0) return null;
  return (
    <div className="stack-tight">
      <h3>{w.parts}</h3>
      <ul className="lab-parts small number">
        {parts.map(({ name, elements, change, baseNorm }) => (
          <li key={name}>
            <span className="mono breaks">{name}</span>
            <span className="soft">{w.part(elements, change, baseNorm > 0 ? change / baseNorm : undefined)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function ModuleFacts({ module }: { module: ModuleAnatomy }) {
  const for90 = module.energy.findIndex((share) => share >= 0.9) + 1;
  const list = module.singularValues.map(words.digits).join(', ');
  return (
    <div className="lab-module">
      <div>
        <h3 className="breaks">{w.module(module.path, module.outFeatures, module.inFeatures)}</h3>
        <p className="small number">{w.facts(module.effectiveRank, module.rank, for90)}</p>
        <p className="small soft number">
          {module.baseNorm ? w.ofBase(strengthOf(module)) : w.size(module.norm)}
          {'. '}
          {w.singular}: {list.length > 120 ? `${list.slice(0, 120)}…` : list}
        </p>
      </div>
      <Bars says={`${w.singular}: ${list}`} values={module.singularValues} strong={for90} />
    </div>
  );
}

/** Of the whole change where it is known. */
function strengthOf({ norm, wholeNorm = norm, baseNorm }: ModuleAnatomy): number {
  return baseNorm ? wholeNorm / baseNorm : wholeNorm;
}

/** "0" of "model.layers.0.self_attn.q_proj"; "–" of what is in no layer. */
function layerOf(path: string): string {
  return /\.(\d+)\./.exec(path)?.[1] ?? '–';
}

/** "q_proj" */
function kindOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
