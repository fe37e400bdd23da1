// Small facts that survive a reload. Storage can be off, full or edited by hand: reading checks, writing may fail.
const PREFIX = 'graft.';

export function keep(key: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // Private windows and full disks: the page works without.
  }
}

/** Undefined when there is nothing readable under the key. */
export function kept(key: string): unknown {
  try {
    const text = localStorage.getItem(PREFIX + key);
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Everything that is kept, for a backup. */
export function keptEntries(): Record<string, string> {
  try {
    return Object.fromEntries(
      Object.entries({ ...localStorage })
        .filter(([key]) => key.startsWith(PREFIX))
        .map(([key, text]) => [key.slice(PREFIX.length), String(text)]),
    );
  } catch {
    return {};
  }
}

/** Takes what a backup holds; unless it `replaces`, only under keys that are still free: what was chosen here stays. */
export function keepEntries(entries: Readonly<Record<string, string>>, replaces: boolean): void {
  for (const [key, text] of Object.entries(entries)) {
    if (!/^[\w-]{1,64}$/.test(key) || (!replaces && kept(key) !== undefined)) continue;
    try {
      keep(key, JSON.parse(text));
    } catch {
      // Not written by this page.
    }
  }
}
