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
