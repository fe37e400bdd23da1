// Small facts that survive a reload. Storage can be off, full or edited by hand: reading checks, writing may fail.
const PREFIX = 'graft.';
/** Of all that is kept here; what no version stands beside is of the first. */
const VERSION = 1;

/** Why nothing is read or kept here; undefined while all is well. */
export function keepProblem(): string | undefined {
  const version = read('version') ?? VERSION;
  if (typeof version !== 'number' || !(version > VERSION)) return undefined;
  return `Cannot take over this page's settings: they were kept by a newer version of Graft (${version}), need ${VERSION}. They stay as they are, and changes made now are forgotten; load the page anew`;
}

export function keep(key: string, value: unknown): void {
  if (keepProblem() !== undefined) return;
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // Private windows and full disks: the page works without.
  }
}

/** Undefined when there is nothing readable under the key. */
export function kept(key: string): unknown {
  return keepProblem() === undefined ? read(key) : undefined;
}

function read(key: string): unknown {
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

/** Takes what a backup holds, unless a newer version has written it, which is thrown; unless it `replaces`, only under keys that are still free: what was chosen here stays. */
export function keepEntries(entries: Readonly<Record<string, string>>, replaces: boolean): void {
  const version = Number(entries.version ?? VERSION);
  if (!(version <= VERSION))
    throw new RangeError(
      `Cannot take over the settings of the backup: found version ${entries.version}, need at most ${VERSION}`,
    );
  for (const [key, text] of Object.entries(entries)) {
    if (!/^[\w-]{1,64}$/.test(key) || (!replaces && kept(key) !== undefined)) continue;
    try {
      keep(key, JSON.parse(text));
    } catch {
      // Not written by this page.
    }
  }
}
