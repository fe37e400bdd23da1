import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { wholeFile } from '../model/streamed-file.ts';
import { zipStream } from './zip-stream.ts';

describe('zipStream()', () => {
  it('holds every file, folders in their names, the same bytes each time', async () => {
    const files = [wholeFile('README.md', 'hello'), wholeFile('rows/train.jsonl', '{}\n'), wholeFile('empty', '')];
    const pack = async () => {
      const parts: Uint8Array[] = [];
      for await (const chunk of zipStream(files)) parts.push(chunk.slice());
      return new Uint8Array(Buffer.concat(parts));
    };
    const zip = await pack();
    const back = Object.entries(unzipSync(zip)).map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]);
    expect(back).toEqual([
      ['README.md', 'hello'],
      ['rows/train.jsonl', '{}\n'],
      ['empty', ''],
    ]);
    expect(await pack()).toEqual(zip);
  });

  it('says why when a file cannot be made, and asks for no more of it', async () => {
    let ended = false;
    const broken = {
      ...wholeFile('model.safetensors', ''),
      size: 8,
      async *chunks() {
        try {
          yield new Uint8Array(4);
          throw new Error('Cannot read "model.layers.0"');
        } finally {
          ended = true;
        }
      },
    };
    const pack = async () => {
      for await (const _ of zipStream([broken]));
    };
    await expect(pack()).rejects.toThrow('Cannot read "model.layers.0"');
    expect(ended).toBe(true);
  });
});
