// The one reason why the start button rests, in the order in which one would mend them.
import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import { dataStore } from '../data/data-store.ts';
import { deviceStore } from '../shell/device-store.ts';
import { compareStore, whyNotCompare } from './compare-store.ts';
import { planStore } from './plan-store.ts';
import { running, runStore } from './run-store.ts';
import { settingsStore } from './settings-store.ts';
import { words } from './words.ts';

export function useWhyNotStart(): string | undefined {
  const device = useStore(deviceStore);
  const base = useStore(baseStore, (s) => s.status);
  const data = useStore(dataStore, (s) => s.status);
  const isStale = useStore(dataStore, (s) => s.isStale);
  const report = useStore(dataStore, (s) => s.report);
  const problem = useStore(planStore, (s) => s.problem);
  const goingOn = useStore(planStore, (s) => s.goingOn);
  const goesOn = useStore(settingsStore, (s) => s.from?.kind === 'state' && s.from.goesOn);
  const isRunning = useStore(runStore, running);
  useStore(compareStore);
  const compared = whyNotCompare();
  const w = words.whyNot;
  if (isRunning) return w.running;
  if (device.problem || (device.report && device.report.status !== 'ok')) return w.noDevice;
  if (base === 'opening' || !device.report) return w.opening;
  if (base !== 'open') return w.noBase;
  if (data === 'none') return w.noData;
  if (data === 'failed') return w.badData;
  if (data !== 'ready' || !report || isStale) return w.reading;
  if (report.rows === 0) return w.noRows;
  if (report.supervisedTokens === 0) return w.nothingSupervised;
  if (goesOn && goingOn && 'problem' in goingOn) return `${goingOn.problem}.`;
  return problem === undefined ? compared : `${problem}.`;
}
