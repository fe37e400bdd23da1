// The page as an app: kept for use without a network, installed if the browser offers it, renewed when the person wants.
import { createStore } from 'zustand/vanilla';
import { trustedScriptUrl } from '../../engine/client.ts';
import { announce } from './trouble-store.ts';
import { words } from './words.ts';

/** Chromium's offer to install a page; other browsers have it in a menu of their own. */
interface InstallEvent extends Event {
  prompt(): Promise<unknown>;
}

interface AppState {
  /** `kept`: all files of the page lie in this browser. */
  readonly status: 'none' | 'fetching' | 'kept' | 'failed';
  /** A new version has been fetched and waits. */
  readonly hasUpdate: boolean;
  readonly install: InstallEvent | undefined;
}

export const appStore = createStore<AppState>(() => ({ status: 'none', hasUpdate: false, install: undefined }));

let waiting: ServiceWorker | undefined;

/** Begins when the first visit has what it needs: what is kept for later may not slow down what is wanted now. */
export async function keepForOffline(): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  try {
    const address = trustedScriptUrl(new URL('sw.js', document.baseURI).href);
    const registration = await navigator.serviceWorker.register(address);
    appStore.setState({ status: registration.active ? 'kept' : 'fetching' });
    const look = () => {
      if (registration.active) appStore.setState({ status: 'kept' });
      if (!registration.waiting || !registration.active) return;
      waiting = registration.waiting;
      appStore.setState({ hasUpdate: true });
      announce(words.app.update);
    };
    look();
    registration.addEventListener('updatefound', () => {
      const fresh = registration.installing;
      fresh?.addEventListener('statechange', () => {
        if (fresh.state === 'redundant' && !registration.active) appStore.setState({ status: 'failed' });
        look();
      });
    });
    await navigator.serviceWorker.ready;
    look();
  } catch {
    // Off, a private window, a full disk: the page works, with a network.
    appStore.setState({ status: 'failed' });
  }
}

/** The new version takes the place of this one, in this tab and every other. */
export function takeUpdate(): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  waiting?.postMessage({ type: 'SKIP_WAITING' });
}

export function followInstall(): void {
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    appStore.setState({ install: event as InstallEvent });
  });
  addEventListener('appinstalled', () => appStore.setState({ install: undefined }));
}

export async function install(): Promise<void> {
  await appStore.getState().install?.prompt();
  appStore.setState({ install: undefined });
}
