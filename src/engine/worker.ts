// The engine's door for the page: a Web Worker that serves `EngineApi` through comlink.

import { expose } from 'comlink';
import { openAdapterStore, openRunArchive, openRunStore, openTuningStore, writeExport } from '../storage/browser.ts';
import { openDatasetStore } from '../storage/browser-datasets.ts';
import { openPreparedStore } from '../storage/browser-prepared.ts';
import { Traffic } from './count-traffic.ts';
import { createEngine } from './engine.ts';
import { fetchModel } from './fetch-model.ts';
import type { KeptDataset } from './kept-dataset.ts';
import type { KeptRun } from './kept-run.ts';
import type { AdapterRecord } from './protocol.ts';

// A worker that starts from a blob has an origin, but no host in its address.
const traffic = new Traffic(new URL(self.origin).host);
self.fetch = traffic.counted(self.fetch.bind(self));

expose(
  createEngine({
    traffic,
    gpu: 'gpu' in navigator ? navigator.gpu : undefined,
    memoryBytes: 'deviceMemory' in navigator ? Number(navigator.deviceMemory) * 2 ** 30 : undefined,
    prepared: openPreparedStore(),
    tunings: openTuningStore(),
    adapters: openAdapterStore<AdapterRecord>(),
    runs: openRunStore<KeptRun>(),
    archive: openRunArchive(),
    tabs: new BroadcastChannel('graft-run'),
    writeExport,
    datasets: openDatasetStore<KeptDataset>(),
    fetchModel,
  }),
);
