import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import type { Recipe } from '../../engine/protocol.ts';
import { CopyButton } from '../controls/copy-button.tsx';
import { Dialog } from '../controls/dialog.tsx';
import { Field } from '../controls/field.tsx';
import { Icon } from '../controls/icon.tsx';
import { Pick } from '../controls/pick.tsx';
import { showTrouble } from '../shell/trouble-store.ts';
import { adaptersNow, compareStore } from '../train/compare-store.ts';
import { summary } from '../train/describe-settings.ts';
import { settingsStore } from '../train/settings-store.ts';
import { adapterName } from '../train/start-run.ts';
import { offerRecipe, openRecipeFile } from './offer-store.ts';
import { recipeLink } from './recipe-link.ts';
import { recipeNow } from './recipe-now.ts';
import { deleteRecipe, recipesStore, refreshRecipes, saveRecipe, saveRecipeFile } from './recipes-store.ts';
import { words } from './words.ts';
import './recipes.css';

export function RecipesButton() {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button type="button" className="button" aria-haspopup="dialog" onClick={() => setIsOpen(true)}>
        {words.open}
      </button>
      {isOpen && <Recipes onClose={() => setIsOpen(false)} />}
    </>
  );
}

function Recipes({ onClose }: { onClose: () => void }) {
  const saved = useStore(recipesStore, (s) => s.saved);
  useEffect(() => void refreshRecipes(), []);
  return (
    <Dialog title={words.title} onClose={onClose}>
      <p className="soft small">{words.lead}</p>
      <Now />
      <h3>{words.saved}</h3>
      {saved.length === 0 && <p className="soft small">{words.none}</p>}
      <ul className="recipe-list">
        {saved.map((recipe) => (
          <Saved key={recipe.name} recipe={recipe} onUse={onClose} />
        ))}
      </ul>
      <Pick
        name={words.fileInput}
        accept=".json"
        onFiles={([file]) => {
          if (file) void openRecipeFile(file);
          onClose();
        }}
      >
        <Icon name="file" /> {words.openFile}
      </Pick>
      <p className="hint">{words.fileHint}</p>
    </Dialog>
  );
}

/** The settings as they stand: save them under a name, as a file or as a link. */
function Now() {
  const [name, setName] = useState(adapterName);
  const settings = useStore(settingsStore, (s) => s.settings);
  useStore(compareStore);
  const adapters = adaptersNow();
  return (
    <section className="recipe-now stack-tight" aria-label={words.now}>
      <p className="small">{summary(settings, 8)}</p>
      {adapters && <p className="small">{words.adapters(adapters.length)}</p>}
      <form
        className="recipe-save"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) void saveRecipe(name.trim());
        }}
      >
        <Field
          name={words.name}
          control={(tied) => (
            <input
              {...tied}
              className="input"
              maxLength={120}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        />
        <button type="submit" className="button button-main" disabled={!name.trim()}>
          {words.save}
        </button>
      </form>
      <Share recipe={() => recipeNow(name.trim())} />
    </section>
  );
}

function Share({ recipe }: { recipe: () => Promise<Recipe> }) {
  return (
    <div className="line">
      <CopyButton className="button" text={async () => recipeLink(await recipe(), location.href)}>
        {words.link}
      </CopyButton>
      <button type="button" className="button" onClick={() => void recipe().then(saveRecipeFile, showTrouble)}>
        <Icon name="download" /> {words.file}
      </button>
    </div>
  );
}

function Saved({ recipe, onUse }: { recipe: Recipe & { readonly name: string }; onUse: () => void }) {
  return (
    <li className="recipe">
      <span className="recipe-what">
        <b className="breaks">{recipe.name}</b>
        <span className="hint">
          {[summary(recipe.settings), ...(recipe.adapters ?? []).map(({ name }) => name)].join(' · ')}
        </span>
      </span>
      <span className="line recipe-actions">
        <button
          type="button"
          className="button"
          aria-label={words.useNamed(recipe.name)}
          onClick={() => {
            offerRecipe(recipe);
            onUse();
          }}
        >
          {words.use}
        </button>
        <button
          type="button"
          className="button button-plain button-icon"
          aria-label={words.delete(recipe.name)}
          title={words.delete(recipe.name)}
          onClick={() => void deleteRecipe(recipe.name)}
        >
          <Icon name="trash" />
        </button>
      </span>
    </li>
  );
}
