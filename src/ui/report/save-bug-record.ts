// Gathers the record from what the page knows and hands it to the browser's download.
import { baseStore } from '../base/base-store.ts';
import { dataStore } from '../data/data-store.ts';
import { saveBytes } from '../library/save-bytes.ts';
import { deviceStore } from '../shell/device-store.ts';
import { runStore } from '../train/run-store.ts';
import { settingsStore } from '../train/settings-store.ts';
import { makeBugRecord } from './bug-record.ts';
import { notedErrors } from './error-log.ts';

export async function saveBugRecord(): Promise<void> {
  const { source, report } = baseStore.getState();
  const { phase, points, figures, faults, settings } = runStore.getState();
  const { usage, quota } = (await navigator.storage?.estimate?.().catch(() => undefined)) ?? {};
  const record = makeBugRecord({
    at: new Date().toISOString(),
    browser: navigator.userAgent,
    device: deviceStore.getState().report,
    base: { kind: source?.kind, report },
    data: dataStore.getState().report,
    settings: settings ?? settingsStore.getState().settings,
    run: {
      phase,
      step: figures.step,
      totalSteps: figures.totalSteps,
      losses: points.loss.values.subarray(0, points.loss.count),
      gradNorms: points.gradNorm.values.subarray(0, points.gradNorm.count),
      ms: points.ms.values.subarray(0, points.ms.count),
      evals: points.evals,
      faults,
    },
    storage: { usageBytes: usage, quotaBytes: quota },
    errors: notedErrors(),
  });
  saveBytes('graft-bug-record.json', new TextEncoder().encode(record), 'application/json');
}
