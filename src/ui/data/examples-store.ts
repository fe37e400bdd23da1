// The example datasets served beside the page: examples/index.json and the files it names.
import { createStore } from 'zustand/vanilla';
import { takeFiles } from '../shell/take-files.ts';
import { showTrouble } from '../shell/trouble-store.ts';

export interface Example {
  readonly file: string;
  readonly title: string;
  readonly description: string;
  readonly rows: number;
  readonly shape: string;
  /** A question that shows what an adapter of it has learned. */
  readonly ask?: string;
}

export const examplesStore = createStore<{ examples: readonly Example[] | undefined }>(() => ({ examples: undefined }));

const folder = () => new URL('examples/', document.baseURI);

/** Examples are a courtesy: when there are none, the page says so and goes on. */
export async function loadExamples(): Promise<void> {
  if (examplesStore.getState().examples) return;
  try {
    const answer = await fetch(new URL('index.json', folder()));
    const list: unknown = answer.ok ? await answer.json() : [];
    examplesStore.setState({ examples: Array.isArray(list) ? list.filter(isExample) : [] });
  } catch {
    examplesStore.setState({ examples: [] });
  }
}

function isExample(value: unknown): value is Example {
  const it = value as Partial<Example> | null;
  return typeof it?.file === 'string' && typeof it.title === 'string' && typeof it.rows === 'number';
}

export async function takeExample(example: Example): Promise<void> {
  try {
    const answer = await fetch(new URL(example.file, folder()));
    if (!answer.ok) throw new Error(`Cannot read the example "${example.file}": the host answered ${answer.status}`);
    takeFiles([new File([await answer.blob()], example.file.split('/').at(-1)!)]);
  } catch (error) {
    showTrouble(error);
  }
}
