// Every word of the page stands in a words.ts, so that other languages can be added: no JSX holds text of its own.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync, Visitor } from 'vite';
import { describe, expect, it } from 'vitest';

/** Attributes that a person reads or hears. */
const SPOKEN = [
  'aria-label',
  'aria-valuetext',
  'aria-description',
  'title',
  'placeholder',
  'alt',
  'label',
  'name',
  'hint',
];

const hasWords = (text: string) => /\p{L}{2,}/u.test(text);

/** Text in the JSX of a file that no words.ts has. */
function rawText(file: string, source: string): string[] {
  const found: string[] = [];
  const say = (text: string) => hasWords(text) && found.push(`${file}: ${text.trim()}`);
  const sayLiteral = (node: { readonly type: string }) => {
    if (node.type === 'Literal' && typeof (node as { value?: unknown }).value === 'string')
      say((node as { value?: unknown }).value as string);
    if (node.type === 'TemplateLiteral')
      for (const part of (node as unknown as { quasis: { value: { cooked: string } }[] }).quasis)
        say(part.value.cooked);
    if (node.type === 'ConditionalExpression') {
      const { consequent, alternate } = node as unknown as Record<'consequent' | 'alternate', { type: string }>;
      sayLiteral(consequent);
      sayLiteral(alternate);
    }
  };
  new Visitor({
    // biome-ignore lint/correctness/noComponentHookFactories: a syntax node's name, no React component
    JSXText: ({ value }) => void say(value),
    JSXElement({ children }) {
      for (const child of children) if (child.type === 'JSXExpressionContainer') sayLiteral(child.expression);
    },
    JSXAttribute({ name, value }) {
      if (name.type !== 'JSXIdentifier' || !SPOKEN.includes(name.name) || value === null) return;
      // An icon and a setting are named by a key, which is none of the page's words.
      if (name.name === 'name' && /^\W*[a-z]\w*\W*$/.test(source.slice(value.start, value.end).split(/[?:]/).at(-1)!))
        return;
      if (value.type === 'Literal') sayLiteral(value);
      if (value.type === 'JSXExpressionContainer') sayLiteral(value.expression);
    },
  }).visit(parseSync(file, source).program);
  return found;
}

const UI = import.meta.dirname;
const files = readdirSync(UI, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.tsx'));

describe('the words of the page', () => {
  it.each(files)('%s keeps its words in words.ts', (file) => {
    const raw = rawText(file, readFileSync(path.join(UI, file), 'utf8'));
    expect(raw).toEqual([]);
  });

  it('the test sees text, attributes and choices', () => {
    const source = `export const X = () => <p title="A title">Some text {yes ? 'one thing' : \`\${n} others\`}</p>;`;
    expect(rawText('x.tsx', source)).toEqual([
      'x.tsx: one thing',
      'x.tsx: others',
      'x.tsx: A title',
      'x.tsx: Some text',
    ]);
    expect(rawText('x.tsx', 'export const X = () => <p className="a b">{words.title} · {"–"}</p>;')).toEqual([]);
  });
});
