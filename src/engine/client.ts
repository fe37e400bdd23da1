// The page's end of the wire: starts the worker and serves its EngineApi as an ordinary object. Callbacks become
// comlink proxies here. A worker that cannot load rejects every call, so that nothing on the page waits for ever.
//
// The worker starts from a one-line blob that imports the real file, because only such a worker inherits the page's
// Content-Security-Policy (HTML, "initialize worker policy container"): so its `connect-src` holds for the engine too.
import { proxy, wrap } from 'comlink';
import { Alarm } from '../gpu/alarm.ts';
import type { EngineApi } from './protocol.ts';
import { trustedScriptUrl } from './trusted-url.ts';
import workerUrl from './worker.ts?worker&url';

export { trustedScriptUrl };

export function startEngine(): EngineApi {
  const worker = startWorker();
  const remote = wrap<EngineApi>(worker);
  const lost = whenLost(worker);
  const service = <Name extends keyof EngineApi>(name: Name) => remoteService<EngineApi[Name]>(remote[name], lost);
  return {
    base: service('base'),
    data: service('data'),
    run: service('run'),
    runs: service('runs'),
    play: service('play'),
    library: service('library'),
    lab: service('lab'),
    xray: service('xray'),
    bench: service('bench'),
  };
}

/** A service's methods, each a call across the wire that fails when the worker is `lost`. */
function remoteService<Service extends object>(remote: unknown, lost: Alarm<Error>): Service {
  const methods = remote as Record<string, (...args: unknown[]) => Promise<unknown>>;
  return new Proxy({} as Service, {
    get:
      (_, name) =>
      (...args: unknown[]) =>
        lost.guard(methods[String(name)]!(...args.map(throughWire))),
  });
}

/** A function stays on this side and is called back. */
function throughWire(arg: unknown): unknown {
  return typeof arg === 'function' ? proxy(arg) : arg;
}

function startWorker(): Worker {
  const url = new URL(workerUrl, import.meta.url).href;
  const blob = URL.createObjectURL(new Blob([`import ${JSON.stringify(url)};`], { type: 'text/javascript' }));
  return new Worker(trustedScriptUrl(blob), { type: 'module', name: 'graft-engine' });
}

/** Rings when the worker's script cannot be loaded. An error inside a loaded worker is reported to the page instead. */
function whenLost(worker: Worker): Alarm<Error> {
  const lost = new Alarm<Error>();
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    if (event.message) reportError(new Error(event.message));
    else lost.ring(new Error('Cannot start the engine: its worker script did not load'));
  });
  return lost;
}
