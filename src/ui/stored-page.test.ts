// What the page of any version has kept in localStorage is read by today's: a sample of each lies beside those of the databases
// (src/engine/testing/stored). `node tools/stored-samples.mjs` writes today's, by the doings of a person at the page.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryStorage } from './testing/memory-storage.ts';

const STORED = path.resolve(import.meta.dirname, '../engine/testing/stored');
const fileOf = (version: string) => path.join(STORED, version, 'page.json');
const TODAY = '1';

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal('localStorage', memoryStorage());
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener() {} }));
  vi.stubGlobal('document', { documentElement: { dataset: {} }, addEventListener() {}, visibilityState: 'visible' });
  vi.stubGlobal('location', { hash: '', href: 'http://localhost/' });
  vi.stubGlobal('addEventListener', () => {});
});
afterEach(() => vi.unstubAllGlobals());

/** The page as a visit opens it: every store reads what is kept. */
async function openPage() {
  const { keepProblem, keptEntries } = await import('./keep.ts');
  const theme = await import('./shell/theme-store.ts');
  const place = await import('./shell/place-store.ts');
  theme.followTheme();
  place.followAddress();
  return {
    keepProblem,
    keptEntries,
    theme,
    place,
    settings: await import('./train/settings-store.ts'),
    compare: await import('./train/compare-store.ts'),
    budget: await import('./train/budget-store.ts'),
    whenDone: await import('./train/when-done-store.ts'),
    samples: await import('./samples/samples-store.ts'),
    looks: await import('./runs/run-look.ts'),
    play: await import('./play/play-store.ts'),
    talks: await import('./play/talks.ts'),
    blind: await import('./play/blind-store.ts'),
    evaluation: await import('./play/eval-store.ts'),
  };
}

type Page = Awaited<ReturnType<typeof openPage>>;

const BASE = { adapterId: null, strength: 1, name: 'Base' };
const MINE = { adapterId: 'a1', strength: 0.5, name: 'Squares' };

async function usePage({ theme, settings, compare, budget, whenDone, samples, looks, play, ...page }: Page) {
  theme.setTheme('dark');
  settings.changeSettings({ rank: 12, learningRate: 3e-3, seed: 7, schedule: 'cosine', targets: ['q_proj'] });
  settings.changeLora({ use_dora: true });
  compare.compare('rank');
  compare.removeValue('rank', 3);
  budget.changeBudget(6);
  await whenDone.chooseAwake(true);
  samples.changeSamples({ isOn: true, prompts: 'What is 3 × 3?', everySteps: 25, maxTokens: 12 });
  looks.placesOf(['first', 'second']);
  play.changePlay({ mode: 'blind', ownSystem: 'Be brief.', stopTexts: '###' });
  play.changePlaySettings({ temperature: 0.7, topK: 40 });
  play.addColumn('a1');
  page.talks.keepChat();
  const answer = { key: 0, who: MINE, text: 'Nine.', pieces: [], state: 'done', reason: 'stop', tokensPerSecond: 9 };
  page.talks.chatTalk.store.setState({ turns: [{ id: 0, prompt: 'What is 3 × 3?', answers: [answer as never] }] });
  page.blind.vote(0, [{ who: BASE }, { who: MINE }], 1);
  page.evaluation.addRows([{ prompt: 'What is 2 × 2?', expected: '4', isRendered: false }]);
  page.evaluation.changeRule({ kind: 'contains' });
}

if (process.env.GRAFT_WRITE_SAMPLES)
  it('writes the sample of today', async () => {
    const page = await openPage();
    await usePage(page);
    writeFileSync(fileOf(TODAY), `${JSON.stringify(page.keptEntries(), null, 2)}\n`);
  });

function plant(version: string): Record<string, string> {
  const entries: Record<string, string> = JSON.parse(readFileSync(fileOf(version), 'utf8'));
  for (const [key, text] of Object.entries(entries)) localStorage.setItem(`graft.${key}`, text);
  return entries;
}

describe.each(readdirSync(STORED).filter((version) => existsSync(fileOf(version))))('version %s', (version) => {
  it('comes back, all of it', async () => {
    const entries = plant(version);
    const page = await openPage();
    expect(page.keepProblem()).toBeUndefined();
    expect(page.theme.themeStore.getState().theme).toBe('dark');
    expect(page.place.placeStore.getState().place).toBe('data');
    expect(page.settings.settingsStore.getState().settings).toMatchObject({
      ...{ rank: 12, learningRate: 3e-3, seed: 7, schedule: 'cosine', targets: ['q_proj'] },
      lora: { use_dora: true },
    });
    expect(page.compare.compareStore.getState()).toMatchObject({ what: 'rank', rank: [4, 8, 16] });
    expect(page.budget.budgetStore.getState().budgetBytes).toBe(6e9);
    expect(page.whenDone.whenDoneStore.getState()).toMatchObject({ notify: false, keepAwake: true });
    const samples = { isOn: true, prompts: 'What is 3 × 3?', everySteps: 25, maxTokens: 12 };
    expect(page.samples.samplesStore.getState()).toEqual(samples);
    expect([...page.looks.placesOf(['second', 'third'])]).toEqual([
      ['second', 1],
      ['third', 2],
    ]);
    const play = page.play.playStore.getState();
    expect(play).toMatchObject({ mode: 'blind', ownSystem: 'Be brief.', stopTexts: '###' });
    expect(play.settings).toMatchObject({ temperature: 0.7, topK: 40 });
    expect(play.columns.map(({ adapterId }) => adapterId)).toEqual([null, 'a1']);
    expect(page.talks.chatTalk.store.getState().turns).toMatchObject([
      { prompt: 'What is 3 × 3?', answers: [{ text: 'Nine.', who: MINE }] },
    ]);
    expect(Object.values(page.blind.blindStore.getState().tallies)).toMatchObject([
      { ties: 0, contestants: [{ wins: 1 }, { wins: 0 }] },
    ]);
    expect(page.evaluation.evalStore.getState()).toMatchObject({
      rows: [{ prompt: 'What is 2 × 2?', expected: '4' }],
      rule: { kind: 'contains' },
    });
    // Nothing of the sample is left that no store asked for.
    expect(Object.keys(entries).sort()).toEqual(KEYS);
  });
});

const KEYS = [
  ...['blind', 'compare', 'evaluation', 'gpu-budget', 'keep-awake', 'place', 'play', 'run-looks', 'samples'],
  ...['settings', 'talk', 'theme'],
];

it('of a newer version is not read, and stays as it is whatever is done at the page', async () => {
  const entries = plant(TODAY);
  localStorage.setItem('graft.version', '2');
  const page = await openPage();
  expect(page.keepProblem()).toContain('kept by a newer version of Graft (2), need 1');
  expect(page.settings.settingsStore.getState().settings).toEqual(page.settings.USUAL);
  expect(page.play.playStore.getState().mode).toBe('chat');
  await usePage(page);
  expect(page.keptEntries()).toEqual({ ...entries, version: '2' });
});
