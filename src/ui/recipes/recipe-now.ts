// The recipe of what stands on the page now, and the page as a recipe wants it.
import type { ModelSource, QuantAsk, Recipe } from '../../engine/protocol.ts';
import { withRecipe } from '../../engine/protocol.ts';
import { BUNDLED, baseStore, openBase } from '../base/base-store.ts';
import { words as baseWords } from '../base/words.ts';
import { dataHash, dataStore } from '../data/data-store.ts';
import { examplesStore, loadExamples, takeExample } from '../data/examples-store.ts';
import { adaptersNow, compareRecipe } from '../train/compare-store.ts';
import { settingsStore, takeSettings } from '../train/settings-store.ts';

export async function recipeNow(name?: string): Promise<Recipe> {
  const { source, quant, report: base } = baseStore.getState();
  const { report: data } = dataStore.getState();
  const hash = await dataHash();
  const adapters = adaptersNow();
  return {
    recipe: 1,
    ...(name && { name }),
    settings: settingsStore.getState().settings,
    ...(source && base && { base: { ...baseRef(source), quant: quant === 'auto' ? base.quant : quant } }),
    ...(data && { data: { name: data.name, rows: data.rows, ...(hash !== undefined && { hash }) } }),
    ...(adapters && { adapters }),
  };
}

function baseRef(source: ModelSource): Pick<NonNullable<Recipe['base']>, 'kind' | 'id' | 'revision'> {
  if (source.kind === 'files') return { kind: 'files', id: source.name };
  if (source.kind === 'bundled') return { kind: 'bundled', id: source.id };
  return { kind: 'hub', id: source.id, ...(source.revision && { revision: source.revision }) };
}

/** What the page will have to do for the recipe, beside taking its settings. */
export interface Needs {
  /** `open`: the page opens it; `have`: it is open; `bring`: only the person has it. */
  readonly base: 'open' | 'fetch' | 'have' | 'bring' | undefined;
  readonly data: 'example' | 'have' | 'bring' | undefined;
}

export function needsOf({ base, data }: Recipe): Needs {
  const open = baseStore.getState();
  const { report: rows, hash } = dataStore.getState();
  const examples = examplesStore.getState().examples ?? [];
  const isOpen =
    base !== undefined &&
    open.source !== undefined &&
    baseRef(open.source).id === base.id &&
    open.source.kind === base.kind;
  const isQuant = base?.quant === undefined || base.quant === open.report?.quant;
  return {
    base:
      base && (isOpen && isQuant ? 'have' : base.kind === 'bundled' ? 'open' : base.kind === 'hub' ? 'fetch' : 'bring'),
    data:
      data &&
      (rows?.name === data.name && (data.hash === undefined || hash === data.hash)
        ? 'have'
        : examples.some((example) => example.file === data.name)
          ? 'example'
          : 'bring'),
  };
}

/** Base, settings and example as the recipe says. No run is started. */
export async function fillIn(recipe: Recipe): Promise<void> {
  const { base, data } = recipe;
  const needs = needsOf(recipe);
  if (base && (needs.base === 'open' || needs.base === 'fetch')) {
    const { revision } = base;
    const source =
      base.kind === 'bundled' ? BUNDLED() : { kind: 'hub' as const, id: base.id, ...(revision && { revision }) };
    await openBase(source, isScheme(base.quant) ? base.quant : 'auto');
  }
  takeSettings(withRecipe(settingsStore.getState().settings, recipe));
  compareRecipe(recipe.adapters);
  if (needs.data === 'example') {
    await loadExamples();
    const example = examplesStore.getState().examples?.find(({ file }) => file === data?.name);
    if (example) await takeExample(example);
  }
}

function isScheme(quant: string | undefined): quant is QuantAsk {
  return quant !== undefined && Object.hasOwn(baseWords.scheme.label, quant);
}
