// Thousands of changed files through a reader: each is read, or refused with one sentence; nothing hangs, and nothing is allocated
// because a file claims that it should be.

import { expect } from 'vitest';
import fc from './fast-check.ts';
import { edits, mutate, watchAllocations } from './hostile.ts';

/** What an engine says of a bug, which begins as a refusal does: "Cannot read properties of undefined". */
const CRASH =
  /^Cannot (read properties of|set properties of|convert (undefined|object|a )|destructure|mix BigInt|use 'in'|access '|delete property|assign to|add property|define property|create property|redefine)/;

/** For one file. A hang is longer, a busy machine is shorter. */
const MAX_MS = 20_000;

export interface FuzzSource {
  readonly bytes: Uint8Array;
  /** Where the claims are: most changes are made there. The whole file when absent. */
  readonly headBytes?: number;
}

export interface FuzzOptions {
  readonly runs: number;
  readonly seed: number;
  /** Most bytes of one allocation. */
  readonly maxBytes: number;
  /** Ends before `runs` when they take longer. */
  readonly limitMs?: number;
}

export interface FuzzCounts {
  readonly refused: number;
  readonly read: number;
}

/** Throws fast-check's report with the smallest changes that break a rule, and the seed. */
export async function fuzzReader<Source extends FuzzSource>(
  sources: readonly Source[],
  read: (bytes: Uint8Array, source: Source) => unknown,
  { runs, seed, maxBytes, limitMs }: FuzzOptions,
): Promise<FuzzCounts> {
  const counts = { refused: 0, read: 0 };
  const property = fc.asyncProperty(fc.constantFrom(...sources), edits, async (source, changes) => {
    const bytes = mutate(source.bytes, source.headBytes ?? source.bytes.length, changes);
    const began = performance.now();
    let failure: unknown;
    const largest = await watchAllocations(async () => {
      try {
        await read(bytes, source);
      } catch (error) {
        failure = error;
      }
    });
    if (failure === undefined) counts.read++;
    else {
      counts.refused++;
      expect(failure).toBeInstanceOf(Error);
      const { message, stack } = failure as Error;
      expect(message, stack).toMatch(/^Cannot \S.*[^.]$/s);
      expect(message, stack).not.toMatch(CRASH);
    }
    expect(largest).toBeLessThanOrEqual(maxBytes);
    expect(performance.now() - began).toBeLessThan(MAX_MS);
  });
  const stopsEarly = limitMs !== undefined && { interruptAfterTimeLimit: limitMs };
  await fc.assert(property, { numRuns: runs, seed, ...stopsEarly });
  return counts;
}
