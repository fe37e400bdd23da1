import { describe, expect, it } from 'vitest';
import { hubName, readHubId } from './hub-id.ts';

const main = { revision: 'main', file: undefined };

describe('readHubId()', () => {
  it.each([
    ['org/name', { ...main, id: 'org/name' }],
    [' HuggingFaceTB/SmolLM2-135M-Instruct ', { ...main, id: 'HuggingFaceTB/SmolLM2-135M-Instruct' }],
    ['org/name@v1.0', { id: 'org/name', revision: 'v1.0', file: undefined }],
    ['org/name@refs/pr/3', { id: 'org/name', revision: 'refs/pr/3', file: undefined }],
    ['org/name/file.Q8_0.gguf', { ...main, id: 'org/name', file: 'file.Q8_0.gguf' }],
    ['org/name/sub/file.gguf@dev', { id: 'org/name', revision: 'dev', file: 'sub/file.gguf' }],
    ['https://huggingface.co/org/name', { ...main, id: 'org/name' }],
    ['https://huggingface.co/org/name/tree/v2', { id: 'org/name', revision: 'v2', file: undefined }],
  ])('reads %s', (text, expected) => expect(readHubId(text)).toEqual(expected));

  it.each([
    '',
    'gpt2',
    '/abs/path',
    './org/name',
    '../name',
    'org/../x',
    'a/b/c',
    'org/name/../x.gguf',
    'org/name@../x',
    'org/na me',
    'org/name?x',
    'https://example.org/org/name',
    'C:\\a\\b',
  ])('refuses "%s"', (text) => expect(readHubId(text)).toBeUndefined());

  it('prefers a revision that is typed apart', () => {
    expect(readHubId('org/name@a', 'b')?.revision).toBe('b');
    expect(readHubId('org/name@a', ' ')?.revision).toBe('a');
  });

  it('names a model by its id, a file without its ending', () => {
    expect(hubName(readHubId('org/name@a')!)).toBe('org/name');
    expect(hubName(readHubId('org/name/x.gguf')!)).toBe('org/name/x');
  });
});
