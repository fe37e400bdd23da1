// A zip beyond 4 GiB, on disk as a file with holes, opened by another program.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { wholeFile } from '../model/streamed-file.ts';
import { zipStream } from './zip-stream.ts';

const CHUNK = new Uint8Array(8 << 20);
/** Just beyond what 32 bits can say, of the file and of where the next one begins. */
const CHUNKS = 513;

const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.warn('SKIPPED "zipStream() goes beyond 4 GiB": found no python3 to open the zip with');

it.skipIf(!hasPython)('zipStream() goes beyond 4 GiB', { timeout: 10 * 60_000 }, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'graft-zip-'));
  try {
    const file = path.join(folder, 'large.zip');
    const size = CHUNKS * CHUNK.length;
    const large = {
      ...wholeFile('model.safetensors', ''),
      size,
      async *chunks() {
        for (let i = 0; i < CHUNKS; i++) yield CHUNK;
      },
    };
    const handle = await open(file, 'w');
    let at = 0;
    for await (const chunk of zipStream([large, wholeFile('config.json', '{"after": 4}')])) {
      // Zeros are left out: the file is large and takes no room.
      if (chunk.length < CHUNK.length) await handle.write(chunk, 0, chunk.length, at);
      at += chunk.length;
    }
    await handle.close();
    const python =
      'import zipfile, sys; z = zipfile.ZipFile(sys.argv[1]); print(z.getinfo("model.safetensors").file_size, z.read("config.json").decode())';
    expect(execFileSync('python3', ['-c', python, file], { encoding: 'utf8' }).trim()).toBe(`${size} {"after": 4}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
