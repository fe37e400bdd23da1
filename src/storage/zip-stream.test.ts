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

  it('refuses what a zip cannot hold', async () => {
    const huge = { ...wholeFile('model.safetensors', ''), size: 5e9 };
    await expect(zipStream([huge]).next()).rejects.toThrow('Cannot write a zip of 5000000000 bytes');
  });
});
