import { useEffect, useState } from 'react';
import type { BaseSpectrum } from '../../engine/protocol.ts';
import { Select } from '../controls/select.tsx';
import { engine, sentence } from '../engine.ts';
import { Bars } from './bars.tsx';
import { words } from './words.ts';

const w = words.base;

/** What the base's own matrices look like, one at a time. */
export function BasePanel() {
  const [paths, setPaths] = useState<readonly string[]>([]);
  const [path, setPath] = useState('');
  const [found, setFound] = useState<BaseSpectrum | 'busy' | { readonly problem: string }>();
  useEffect(() => {
    engine()
      .lab.baseMatrices()
      .then((all) => {
        setPaths(all);
        setPath(all[0] ?? '');
      })
      .catch((error) => setFound({ problem: sentence(error) }));
  }, []);
  async function show() {
    setFound('busy');
    try {
      setFound(await engine().lab.baseSpectrum(path));
    } catch (error) {
      setFound({ problem: sentence(error) });
    }
  }
  const spectrum = found !== undefined && found !== 'busy' && 'path' in found ? found : undefined;
  return (
    <section className="card stack-tight" aria-labelledby="lab-base">
      <h2 id="lab-base">{w.title}</h2>
      <p className="soft small">{w.lead}</p>
      <Select
        name={w.matrix}
        value={path}
        options={paths.map((value) => ({ value, label: value }))}
        onChange={setPath}
      />
      <div className="line">
        <button type="button" className="button" disabled={found === 'busy' || path === ''} onClick={() => void show()}>
          {found === 'busy' ? w.busy : w.show}
        </button>
      </div>
      {spectrum && <Spectrum spectrum={spectrum} />}
      {found !== undefined && found !== 'busy' && 'problem' in found && <p className="wrong">{found.problem}.</p>}
    </section>
  );
}

function Spectrum({ spectrum: { path, singularValues, isWhole } }: { spectrum: BaseSpectrum }) {
  const facts = w.facts(singularValues.length, isWhole, singularValues[0] ?? 0, singularValues.at(-1) ?? 0);
  return (
    <div aria-live="polite">
      <Bars isBase says={`${path}: ${facts}`} values={singularValues} />
      <p className="small number breaks">
        {path}. {facts}.
      </p>
    </div>
  );
}
