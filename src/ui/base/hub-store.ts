// What is typed to open a model of the Hub. The token lives in this store, and in no storage and no log.
import { createStore } from 'zustand/vanilla';
import type { HubChoice } from '../../engine/protocol.ts';
import { engine, sentence } from '../engine.ts';
import { openBase } from './base-store.ts';

interface HubState {
  readonly id: string;
  readonly revision: string;
  readonly token: string;
  readonly choices: readonly HubChoice[];
  readonly problem: string | undefined;
}

export const hubStore = createStore<HubState>(() => ({
  id: '',
  revision: '',
  token: '',
  choices: [],
  problem: undefined,
}));

export async function loadChoices(): Promise<void> {
  if (hubStore.getState().choices.length > 0) return;
  try {
    hubStore.setState({ choices: await engine().base.listHubModels() });
  } catch (error) {
    hubStore.setState({ problem: sentence(error) });
  }
}

export function openTyped(): void {
  const { id, revision, token } = hubStore.getState();
  const typed = { id: id.trim(), revision: revision.trim(), token: token.trim() };
  if (typed.id === '') return;
  void openBase({
    kind: 'hub',
    id: typed.id,
    ...(typed.revision && { revision: typed.revision }),
    ...(typed.token && { token: typed.token }),
  });
}
