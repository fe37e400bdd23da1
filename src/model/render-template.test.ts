import { describe, expect, it, vi } from 'vitest';
import { parseTemplate, renderTemplate } from './render-template.ts';

const SIZE = { messages: 2, chars: 20 };
const render = (text: string, values: Record<string, unknown> = {}) =>
  renderTemplate(parseTemplate(text), values, SIZE);

describe('renderTemplate()', () => {
  it('renders as the library does', () => {
    const text =
      '{%- for i in range(1, 6, 2) %}{{ i }}{{ "," if not loop.last }}{%- endfor %} {{ name | upper }} {{ None is none }}';
    expect(render(text, { name: 'a' })).toBe('1,3,5 A True');
    expect(render('{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(5, 3) %}x{% endfor %}')).toBe('012');
    expect(() => render('{{ raise_exception("no system role") }}')).toThrow('no system role');
  });

  // What transformers 5.23.0 makes of each.
  it.each([
    [
      'characters that are taken from an end',
      String.raw`{{ '\n  code\n '.lstrip('\n') }}|{{ ' ab '.strip(' a') }}|{{ 'a!?'.rstrip('?!') }}|{{ ' a '.strip() }}`,
      '  code\n |b|a|a',
    ],
    [
      'a loop that is left',
      '{% for i in [1, 2, 3] %}a{{ i }}{% if i == 2 %}b{% break %}{% endif %}c{% else %}E{% endfor %}',
      'a1ca2b',
    ],
    [
      'rounds that end early',
      '{% for i in [1, 2] %}a{{ i }}{% continue %}{% else %}E{% endfor %}|{% for i in [1, 2, 3] %}{% if i != 2 %}x{% continue %}{% endif %}y{% else %}E{% endfor %}',
      'a1a2E|xyx',
    ],
    [
      'what is set in a loop',
      '{% set n = 1 %}{% for i in [1, 2, 3] %}{% if i == 1 %}{% set n = 9 %}{% endif %}{{ n }}{% endfor %}{{ n }}',
      '9111',
    ],
    [
      'values of different kinds',
      "{{ 1 == '1' }} {{ '' == 0 }} {{ [1, {'a': 2}] == [1.0, {'a': 2}] }} {{ none != false }} {{ true == 1 }}",
      'False False True True True',
    ],
    [
      'filters',
      "{{ 'aB É' | capitalize }} {{ [{'a': 1}, 'b'] | map('tojson') | join(';') }} {{ [' a ', 'b'] | map('trim') | list }}",
      'Ab é {"a": 1};"b" [\'a\', \'b\']',
    ],
    ['remainders', '{{ (0 - 1) % 2 }} {{ 5 % -3 }} {{ -5 % 5 }} {{ 7 % 4 }}', '1 -1 0 3'],
    [
      'values that are no text',
      String.raw`{{ none }} {{ [none, true, 'it\'s', 1.0, 'a\nb'] }} {{ {'k': ('x', 1)} }} {{ 'n' ~ none ~ missing ~ true }} {{ true | string }}`,
      String.raw`None [None, True, "it's", 1.0, 'a\nb'] {'k': ('x', 1)} nNoneTrue True`,
    ],
    ['a mark of what is said', "a\n{% generation %}\nb\n{% endgeneration %}\n{{- 'c' }}", 'a\nb\nc'],
  ])('says what Python says: %s', (_, text, said) => {
    expect(render(text)).toBe(said);
  });

  it.each([
    [
      'a loop in a loop in a loop',
      '{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}',
      /more than (\d+ steps|5 s of work)/, // a slow machine gets to the second first
    ],
    ['a range of a billion', '{% for a in range(1000000000) %}{% endfor %}', 'a range of 1000000000'],
    ['a macro that calls itself', '{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}', 'levels'],
    ['a text that doubles', `{% set s = "ab" %}${'{% set s = s ~ s %}'.repeat(60)}{{ s }}`, 'a text of'],
    [
      'a text that grows in a loop',
      '{% set n = namespace(s="ab") %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}',
      'a text of',
    ],
    [
      'lists in lists, written',
      `{% set s = [1] %}${'{% set s = [s, s] %}'.repeat(60)}{{ s }}`,
      'a value of more than 1000000 parts',
    ],
    [
      'lists in lists, compared',
      `{% set s = [1] %}{% set t = [1] %}${'{% set s = [s, s] %}{% set t = [t, t] %}'.repeat(60)}{{ s == t }}`,
      'a value of more than 1000000 parts',
    ],
    ['a list that doubles', `{% set s = [1, 2] %}${'{% set s = s + s %}'.repeat(60)}`, 'a text of'],
  ])(
    'stops %s',
    (_, text, says) => {
      expect(() => render(text)).toThrow(says);
    },
    60_000,
  );

  it('looks at the clock in loops without a body, which make no steps', () => {
    let looks = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => 10 * looks++);
    try {
      const text = '{% for a in range(99999) %}{% for b in range(9) %}{% endfor %}{% endfor %}';
      expect(() => render(text)).toThrow('more than 5 s of work');
      expect(looks, 'no more than that').toBeLessThan(510);
    } finally {
      vi.restoreAllMocks();
    }
  }, 60_000);

  it('counts steps where the clock stands still', () => {
    vi.spyOn(performance, 'now').mockReturnValue(0);
    try {
      const text = `{% for a in range(99999) %}{{ ${'1 + '.repeat(50)}1 }}{% endfor %}`;
      expect(() => render(text)).toThrow(/more than \d+ steps/);
    } finally {
      vi.restoreAllMocks();
    }
  }, 60_000);

  it('refuses a template that nobody could have written, and one that is nested without end', () => {
    expect(() => parseTemplate('a'.repeat(2 ** 20 + 1))).toThrow('characters, more than');
    expect(() => render(`{{ ${'('.repeat(50_000)}1${')'.repeat(50_000)} }}`)).toThrow();
  });

  it('gives a template nothing but its values', () => {
    expect(render('{{ constructor }}{{ process }}{{ self }}{{ "a".constructor }}{{ [].__proto__ }}')).toBe('');
  });

  it('lets long conversations through', () => {
    const messages = Array.from({ length: 2000 }, (_, i) => ({
      role: i % 2 ? 'assistant' : 'user',
      content: `word ${i} `.repeat(20),
    }));
    const chars = messages.reduce((n, { content }) => n + content.length, 0);
    const text = '{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}{% endfor %}';
    const out = renderTemplate(parseTemplate(text), { messages }, { messages: messages.length, chars });
    expect(out.startsWith('<user>word 0 word 0')).toBe(true);
    expect(out.length).toBeGreaterThan(chars);
  });
});
