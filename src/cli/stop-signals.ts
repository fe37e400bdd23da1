const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Aborts at the first Ctrl-C or SIGTERM, until `release`; another one ends the process as it would any. */
export function stopOnSignals(): { readonly signal: AbortSignal; release(): void } {
  const stop = new AbortController();
  const abort = () => stop.abort();
  for (const name of STOP_SIGNALS) process.once(name, abort);
  return {
    signal: stop.signal,
    release() {
      for (const name of STOP_SIGNALS) process.off(name, abort);
    },
  };
}
