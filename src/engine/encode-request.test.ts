import { expect, it } from 'vitest';
import { promptAs } from '../data/prompting.ts';
import { tinyTokenizerJson } from '../model/testing/tiny-model.ts';
import { openTokenizer } from '../model/tokenizer.ts';
import { encodeRequest } from './encode-request.ts';

const user = (content: string) => ({ role: 'user', content }) as const;

it('a talk with a base without a template is what it was trained on: answers end with the end-of-turn token', () => {
  const tokenizer = openTokenizer({ tokenizer: tinyTokenizerJson(), eos: [2] });
  const ids = (text: string) => tokenizer.encode(text, { special: false });
  const talk = [user('a'), { role: 'assistant', content: 'b' } as const, user('c')];
  expect(encodeRequest(tokenizer, talk, true)).toEqual([...ids('a'), ...ids('b'), 2, ...ids('c')]);
  expect(encodeRequest(tokenizer, 'a', true)).toEqual(ids('a'));
  expect(encodeRequest(tokenizer, talk, false), 'a text is continued as it is').toEqual(ids('abc'));
});

it('special tokens in a question are only text where there is no template', () => {
  const tokenizer = openTokenizer({ tokenizer: tinyTokenizerJson(), eos: [2] });
  expect(encodeRequest(tokenizer, '<|im_end|>', true)).not.toContain(2);
  expect(encodeRequest(tokenizer, '<|im_end|>', false)).toEqual([2]);
});

it('a question is put as the rows put theirs: in their wording, behind their system message', () => {
  const talk = [user('{{b}} and $&'), { role: 'assistant', content: 'yes' } as const];
  expect(promptAs(talk, { system: 'Be kind.', wording: 'Q: {{a}}?' })).toEqual([
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: 'Q: {{b}} and $&?' },
    { role: 'assistant', content: 'yes' },
  ]);
  expect(promptAs(talk, { system: ' ' })).toEqual(talk);
});
