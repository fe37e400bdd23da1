// Errors that no panel has claimed: shown in a quiet bar, never a blank page. And what a screen reader is told.
import { createStore } from 'zustand/vanilla';
import { sentence } from '../engine.ts';

export const troubleStore = createStore<{ message: string | undefined; said: string }>(() => ({
  message: undefined,
  said: '',
}));

export function showTrouble(error: unknown): void {
  troubleStore.setState({ message: sentence(error) });
}

export function clearTrouble(): void {
  troubleStore.setState({ message: undefined });
}

/** Said politely by screen readers; for changes of state that are otherwise only seen. */
export function announce(said: string): void {
  // The same words again are only said when something about them is new.
  troubleStore.setState((before) => ({ said: before.said === said ? `${said}\u00a0` : said }));
}

export function catchUnclaimed(): void {
  addEventListener('unhandledrejection', (event) => showTrouble(event.reason));
  addEventListener('error', (event) => {
    if (event.error) showTrouble(event.error);
  });
}
