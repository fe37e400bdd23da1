import { expect, test } from 'vitest';
import { sortFiles } from './sort-files.ts';

const kindOf = (...names: string[]) => sortFiles(names.map((name) => new File(['x'], name))).kind;

test('a folder with config and weights is a base model', () => {
  expect(kindOf('config.json', 'tokenizer.json', 'model.safetensors', 'README.md')).toBe('model');
  expect(kindOf('config.json', 'model-00001-of-00002.safetensors')).toBe('model');
  expect(kindOf('config.json', 'pytorch_model.bin')).toBe('model');
});

test('a .gguf file is a base model, alone or beside its card', () => {
  expect(kindOf('SmolLM2.Q4_1.GGUF')).toBe('model');
  expect(kindOf('README.md', 'model.gguf', 'config.json')).toBe('model');
});

test('a PEFT folder or one zip is an adapter', () => {
  expect(kindOf('adapter_config.json', 'adapter_model.safetensors', 'README.md')).toBe('adapter');
  expect(kindOf('my-adapter.ZIP')).toBe('adapter');
});

test('everything readable as rows is data, whatever lies beside it', () => {
  expect(kindOf('train.jsonl')).toBe('data');
  expect(kindOf('a.csv', 'b.csv', 'picture.png')).toBe('data');
  expect(kindOf('.DS_Store', 'notes.md')).toBe('data');
});

test('what cannot be used says what is needed', () => {
  expect(sortFiles([new File(['x'], 'photo.png')])).toMatchObject({ reason: expect.stringContaining('"photo.png"') });
  expect(kindOf('model.safetensors')).toBe('unknown');
  expect(kindOf()).toBe('unknown');
});
