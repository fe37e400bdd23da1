// The page's end of the wire: starts the worker and serves its EngineApi as an ordinary object. Callbacks become
// comlink proxies here. A worker that cannot load rejects every call, so that nothing on the page waits for ever.
//
// The worker starts from a one-line blob that imports the real file, because only such a worker inherits the page's
// Content-Security-Policy (HTML, "initialize worker policy container"): so its `connect-src` holds for the engine too.
import { proxy, wrap } from 'comlink';
import type { EngineApi } from './protocol.ts';
import workerUrl from './worker.ts?worker&url';

export function startEngine(): EngineApi {
  const worker = startWorker();
  const remote = wrap<EngineApi>(worker);
  const lost = whenLost(worker);
  const or = <T>(call: Promise<T>): Promise<T> => Promise.race([call, lost]);
  return {
    openDevice: () => or(remote.openDevice()),
    openModel: (source, quant, onProgress) => or(remote.openModel(source, quant, proxy(onProgress))),
    cancelOpening: () => or(remote.cancelOpening()),
    listHubModels: () => or(remote.listHubModels()),
    openDataset: (files, options, onProgress) => or(remote.openDataset(files, options, proxy(onProgress))),
    remapDataset: (options, onProgress) => or(remote.remapDataset(options, proxy(onProgress))),
    previewRows: (first, count) => or(remote.previewRows(first, count)),
    planRun: (settings) => or(remote.planRun(settings)),
    train: (runId, name, settings, onEvent) => or(remote.train(runId, name, settings, proxy(onEvent))),
    pauseRun: (runId) => or(remote.pauseRun(runId)),
    resumeRun: (runId) => or(remote.resumeRun(runId)),
    stopRun: (runId) => or(remote.stopRun(runId)),
    interruptedRun: () => or(remote.interruptedRun()),
    resumeInterrupted: (onEvent) => or(remote.resumeInterrupted(proxy(onEvent))),
    keepInterrupted: () => or(remote.keepInterrupted()),
    discardInterrupted: () => or(remote.discardInterrupted()),
    generate: (request, onEvent) => or(remote.generate(request, proxy(onEvent))),
    stopGenerating: () => or(remote.stopGenerating()),
    listAdapters: () => or(remote.listAdapters()),
    renameAdapter: (id, name) => or(remote.renameAdapter(id, name)),
    deleteAdapter: (id) => or(remote.deleteAdapter(id)),
    downloadAdapter: (id) => or(remote.downloadAdapter(id)),
    importAdapter: (files) => or(remote.importAdapter(files)),
  };
}

function startWorker(): Worker {
  const url = new URL(workerUrl, import.meta.url).href;
  const blob = URL.createObjectURL(new Blob([`import ${JSON.stringify(url)};`], { type: 'text/javascript' }));
  return new Worker(blob, { type: 'module', name: 'graft-engine' });
}

/** Rejects when the worker's script cannot be loaded. An error inside a loaded worker is reported to the page instead. */
function whenLost(worker: Worker): Promise<never> {
  const lost = new Promise<never>((_, reject) => {
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      if (event.message) reportError(new Error(event.message));
      else reject(new Error('Cannot start the engine: its worker script did not load'));
    });
  });
  lost.catch(() => {});
  return lost;
}
