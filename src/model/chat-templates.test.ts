// Chat templates in the manner of each family against transformers (tools/fixtures/make-chats.py): system messages, tools,
// calls and results, refusals.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fixturePath } from './testing/shared.ts';
import { tinyTokenizerJson } from './testing/tiny-model.ts';
import { openTokenizer } from './tokenizer.ts';

interface Talk {
  readonly name: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly tools: readonly object[] | null;
  readonly generationPrompt: boolean;
  /** null: the template refuses it. */
  readonly text: string | null;
}

const manners = readFileSync(fixturePath('chats.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { manner: string; template: string; talks: readonly Talk[] });
const render = (template: string, { messages, tools, generationPrompt }: Talk) => {
  const config = { bos_token: '<s>', eos_token: '</s>' };
  const tokenizer = openTokenizer({ tokenizer: tinyTokenizerJson(), config, chatTemplate: template });
  return tokenizer.renderChat(messages, { generationPrompt, tools: tools ?? undefined });
};

describe.each(manners)('the manner "$manner"', ({ template, talks }) => {
  it.each(talks)('$name, generation prompt: $generationPrompt', (talk) => {
    if (talk.text === null) expect(() => render(template, talk)).toThrow('Cannot render the conversation');
    else expect(render(template, talk)).toBe(talk.text);
  });
});

it('tools that are left out change the text (control)', () => {
  const { template, talks } = manners.find(({ manner }) => manner === 'chatml')!;
  const talk = talks.find(({ name }) => name === 'with tools')!;
  expect(render(template, { ...talk, tools: null })).not.toBe(talk.text);
});
