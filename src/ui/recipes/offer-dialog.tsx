import { useEffect } from 'react';
import { useStore } from 'zustand';
import { type Recipe, type TrainSettings, withRecipe } from '../../engine/protocol.ts';
import { Dialog } from '../controls/dialog.tsx';
import { dataStore } from '../data/data-store.ts';
import { examplesStore, loadExamples } from '../data/examples-store.ts';
import { differences, settingName, settingText } from '../train/describe-settings.ts';
import { RecipeAdapters } from '../train/recipe-adapters.tsx';
import { running, runStore } from '../train/run-store.ts';
import { settingsStore } from '../train/settings-store.ts';
import { leaveOffer, offerStore } from './offer-store.ts';
import { needsOf } from './recipe-now.ts';
import { takeOffer } from './take-offer.ts';
import { words } from './words.ts';
import './recipes.css';

const w = words.offer;

/** What a recipe from a link, a file or the list would change; it is asked for before anything of it happens. */
export function OfferDialog({ recipe }: { recipe: Recipe }) {
  const settings = useStore(settingsStore, (s) => s.settings);
  const isRunning = useStore(runStore, running);
  const isFilling = useStore(offerStore, (s) => s.isFilling);
  useStore(examplesStore, (s) => s.examples);
  useStore(dataStore, (s) => s.hash);
  useEffect(() => void loadExamples(), []);
  const needs = needsOf(recipe);
  const { base, data } = recipe;
  return (
    <Dialog title={w.title} onClose={leaveOffer}>
      {recipe.name && <p className="recipe-name breaks">{w.named(recipe.name)}</p>}
      <p className="soft small">{w.lead}</p>
      <dl className="facts">
        {base && needs.base && (
          <>
            <dt>{w.base}</dt>
            <dd className="breaks">{w.baseSays[needs.base](base.id)}</dd>
          </>
        )}
        {data && needs.data && (
          <>
            <dt>{w.data}</dt>
            <dd className="breaks">{w.dataSays[needs.data](data.name, data.rows)}</dd>
          </>
        )}
      </dl>
      {recipe.adapters && (
        <section className="stack-tight" aria-label={w.adapters(recipe.adapters.length)}>
          <p className="small">{w.adapters(recipe.adapters.length)}</p>
          <RecipeAdapters adapters={recipe.adapters} />
        </section>
      )}
      <Changes now={settings} next={withRecipe(settings, recipe)} />
      {isRunning && <p className="wrong">{w.running}</p>}
      <div className="line">
        <button
          type="button"
          className="button button-main"
          disabled={isRunning || isFilling}
          onClick={() => void takeOffer()}
        >
          {isFilling ? w.filling : w.fill}
        </button>
        <button type="button" className="button" disabled={isFilling} onClick={leaveOffer}>
          {w.leave}
        </button>
      </div>
    </Dialog>
  );
}

function Changes({ now, next }: { now: TrainSettings; next: TrainSettings }) {
  const keys = differences([now, next]);
  if (keys.length === 0) return <p className="small">{w.noChanges}</p>;
  return (
    <table className="recipe-changes number">
      <caption>{w.changes}</caption>
      <thead>
        <tr>
          <th scope="col">{w.setting}</th>
          <th scope="col">{w.now}</th>
          <th scope="col">{w.next}</th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={key}>
            <th scope="row">{settingName(key)}</th>
            <td className="soft">{settingText(now, key)}</td>
            <td>
              <b>{settingText(next, key)}</b>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
