import path from 'node:path';
import { Template } from '@huggingface/jinja';
import { describe, expect, it } from 'vitest';
import { CHAT_FORMATS, findChatFormat, goTemplate, renderFormat } from './chat-formats.ts';
import { readJsonObject } from './model-file.ts';
import { diskFile } from './testing/shared.ts';

const jinja = (text: string) => {
  const template = new Template(text);
  return (messages: readonly unknown[]) =>
    template.render({ messages, add_generation_prompt: true, bos_token: '<s>', eos_token: '</s>' });
};
const CHATML = `{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{{ '<|im_start|>assistant\\n' }}`;

describe('findChatFormat()', () => {
  it('finds what Scion’s template speaks', async () => {
    const file = path.resolve(import.meta.dirname, '../../public/models/scion/tokenizer_config.json');
    const { chat_template } = await readJsonObject(diskFile(file));
    const found = findChatFormat(jinja(chat_template as string), undefined);
    expect(found).toMatchObject({ format: { name: 'ChatML' }, defaultSystem: undefined, takesSystem: true });
  });

  it('finds every format by what it renders, with or without the text of bos before it', () => {
    for (const format of CHAT_FORMATS) {
      const found = findChatFormat((messages) => renderFormat(format, messages), '<s>');
      expect(found?.format.name, format.name).toBe(format.name);
      expect(findChatFormat((messages) => `<s>${renderFormat(format, messages)}`, '<s>')?.format.name).toBe(
        format.name,
      );
    }
  });

  it('takes a system turn that the template adds by itself out as text', () => {
    const found = findChatFormat(
      jinja(
        `{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nBe kind.<|im_end|>\\n' }}{% endif %}${CHATML}`,
      ),
      undefined,
    );
    expect(found).toMatchObject({ format: { name: 'ChatML' }, defaultSystem: 'Be kind.', takesSystem: true });
  });

  it('says when the template takes no system turn, and finds nothing in a format of its own', () => {
    const refusing = jinja(`{% if messages[0]['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}${CHATML}`);
    expect(findChatFormat(refusing, undefined)).toMatchObject({ format: { name: 'ChatML' }, takesSystem: false });
    const own = jinja(`{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\\n' }}{% endfor %}`);
    expect(findChatFormat(own, undefined)).toBeUndefined();
    // One character less is another format.
    expect(findChatFormat(jinja(CHATML.replace("+ '\\n' }}{% endfor", '}}{% endfor')), undefined)).toBeUndefined();
  });
});

describe('goTemplate()', () => {
  it('says ChatML in Go’s words', () => {
    expect(goTemplate(CHAT_FORMATS[0]!)).toBe(
      '{{ range .Messages }}{{ if eq .Role "system" }}<|im_start|>system\n{{ .Content }}<|im_end|>\n' +
        '{{ else if eq .Role "user" }}<|im_start|>user\n{{ .Content }}<|im_end|>\n' +
        '{{ else if eq .Role "assistant" }}<|im_start|>assistant\n{{ .Content }}<|im_end|>\n{{ end }}{{ end }}<|im_start|>assistant\n',
    );
  });
});
