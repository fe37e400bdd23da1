// How much this browser keeps for the page, how much it would, and whether it has promised not to clear it by itself.
import { createStore } from 'zustand/vanilla';

interface Storage {
  readonly usedBytes: number | undefined;
  readonly leftBytes: number | undefined;
  /** undefined: the browser does not say. */
  readonly isPersistent: boolean | undefined;
  /** It was asked and did not promise. */
  readonly isRefused: boolean;
}

export const storageStore = createStore<Storage>(() => ({
  usedBytes: undefined,
  leftBytes: undefined,
  isPersistent: undefined,
  isRefused: false,
}));

export async function measureStorage(): Promise<void> {
  const { storage } = navigator;
  // Only in a secure context, and not in every private window.
  const { usage, quota } = (await storage?.estimate?.().catch(() => undefined)) ?? {};
  const isPersistent = await storage?.persisted?.().catch(() => undefined);
  storageStore.setState({
    usedBytes: usage,
    leftBytes: usage === undefined || quota === undefined ? undefined : Math.max(0, quota - usage),
    isPersistent,
  });
}

export async function askForPersistence(): Promise<void> {
  const isPersistent = await navigator.storage.persist().catch(() => false);
  storageStore.setState({ isPersistent, isRefused: !isPersistent });
}
