// The folder of a run that was interrupted: whose it is, and what a run beside it may do.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openCheckpointFolder } from '../storage/node.ts';
import { encodeCheckpoint } from '../train/checkpoint.ts';
import { DEFAULT_SETTINGS } from '../train/recipe.ts';
import { openRunFolder } from './run-folder.node.ts';

const root = mkdtempSync(path.join(tmpdir(), 'graft-run-folder-'));
afterAll(() => rmSync(root, { recursive: true }));

async function record(version: number): Promise<Uint8Array> {
  const state = { params: new Float32Array(4), m: new Float32Array(4), v: new Float32Array(4) };
  const bytes = Buffer.from(
    await encodeCheckpoint({
      ...{ totalSteps: 9, savedAt: '2026-11-25T00:00:00Z', settings: DEFAULT_SETTINGS },
      ...{ steps: [], evals: [], rates: [], state },
      identity: { base: 'b', data: 'd', layout: 'l', device: 'x', deviceName: 'x' },
    }),
  );
  bytes.write(`"version":${version}`, bytes.indexOf('"version":1'));
  bytes.set(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes.subarray(0, -32))), bytes.length - 32);
  return bytes;
}

async function folderWith(name: string, ...versions: readonly number[]): Promise<string> {
  const out = path.join(root, name);
  const store = openCheckpointFolder(path.join(out, '.graft-checkpoint'));
  for (const version of versions) await store.save(await record(version));
  return out;
}

describe('openRunFolder()', () => {
  it('goes on with its own, and replaces it only without --resume, saying so', async () => {
    const out = await folderWith('own', 1);
    expect((await openRunFolder(out, true)).checkpoint?.totalSteps).toBe(9);
    const anew = await openRunFolder(out, false);
    expect(anew.checkpoint).toBeUndefined();
    expect(anew.notices.join()).toContain('this run replaces it');
  });

  it('leaves that of a newer version alone, whatever is asked', async () => {
    const out = await folderWith('newer', 1, 2);
    const kept = path.join(out, '.graft-checkpoint');
    const before = readdirSync(kept).map((name) => [name, readFileSync(path.join(kept, name))]);
    for (const resume of [true, false])
      await expect(openRunFolder(out, resume)).rejects.toThrow(
        'found an interrupted run of a newer version of Graft, need that version or another folder',
      );
    expect(readdirSync(kept).map((name) => [name, readFileSync(path.join(kept, name))])).toEqual(before);
  });
});
