// Block numbers as people write them: "0, 5-7".

/** Sorted, each once; undefined when it is no list of numbers. */
export function readLayers(text: string): readonly number[] | undefined {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const numbers = new Set<number>();
  for (const part of parts) {
    const [, from, to = from] = /^(\d{1,4})(?:\s*-\s*(\d{1,4}))?$/.exec(part) ?? [];
    if (from === undefined || Number(to) < Number(from)) return undefined;
    for (let n = Number(from); n <= Number(to); n++) numbers.add(n);
  }
  return [...numbers].sort((a, b) => a - b);
}

export function writeLayers(layers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const n of layers) {
    const last = runs.at(-1);
    if (last && last[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}
