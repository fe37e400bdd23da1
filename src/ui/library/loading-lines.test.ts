import { expect, it } from 'vitest';
import { EXPORT_FORMATS } from '../../engine/export-adapter.ts';
import { loadingLines, type Written } from './loading-lines.ts';

const HUB = { name: 'Support answers', baseName: 'HuggingFaceTB/SmolLM2-135M-Instruct', method: 'LoRA' };
const zip = (format: Written['format'], adapter = HUB): Written => ({
  ...{ format, adapter, fileName: 'Support-answers.zip' },
});

it('names base and folder in the lines of every program that reads a base from the Hub by itself', () => {
  const peft = loadingLines(zip('peft'));
  expect(peft).toMatchObject({ folder: 'Support-answers', program: 'Python', needsBase: false });
  expect(peft.lines).toContain('base = "HuggingFaceTB/SmolLM2-135M-Instruct"');
  expect(peft.lines).toContain('model = PeftModel.from_pretrained(model, "Support-answers")');
  expect(loadingLines(zip('mlx')).lines[1]).toBe(
    'mlx_lm.generate --model HuggingFaceTB/SmolLM2-135M-Instruct --adapter-path Support-answers --prompt "…"',
  );
});

it('says where a base is to be put in that nobody else can find', () => {
  const own = { ...HUB, baseName: 'my folder"; import os' };
  for (const format of ['peft', 'mlx'] as const) {
    const { lines, needsBase } = loadingLines(zip(format, own));
    expect(needsBase).toBe(true);
    expect(lines.join('\n')).toContain('path/to/the/base');
    expect(lines.join('\n'), 'a name never becomes a line').not.toContain('import os');
  }
  expect(loadingLines({ ...zip('gguf'), fileName: 'a.gguf' })).toMatchObject({ folder: undefined, needsBase: true });
});

it('needs no base for what has it inside', () => {
  for (const format of ['ollama', 'merged-gguf', 'merged-safetensors', 'cluster'] as const)
    expect(loadingLines(zip(format)).needsBase, format).toBe(false);
});

it('gives Ollama a name that it takes, whatever the adapter is called', () => {
  const named = (name: string) => loadingLines(zip('ollama', { ...HUB, name })).lines.at(-1);
  expect(named('Pirate, rank 8')).toBe('ollama run pirate-rank-8');
  expect(named('Über & Co.')).toBe('ollama run u-ber-co');
  expect(named('海賊')).toBe('ollama run my-adapter');
});

it('loads bottleneck adapters with their own package', () => {
  expect(loadingLines(zip('peft', { ...HUB, method: 'bottleneck adapters' })).lines).toContain('import adapters');
});

it('has lines for every format', () => {
  for (const format of EXPORT_FORMATS) expect(loadingLines(zip(format)).lines.length, format).toBeGreaterThan(0);
});
