// graft generate: continues a prompt, token ids or a chat message.

import { generateText, readAdapterAt } from '../engine/node.ts';
import { MODEL_FLAGS, MODEL_HELP, openFlaggedModel } from './model-flags.ts';
import { parseFlags, UsageError } from './usage.ts';

const FLAGS = {
  ...MODEL_FLAGS,
  adapter: { type: 'string' },
  strength: { type: 'string' },
  prompt: { type: 'string' },
  ids: { type: 'string' },
  chat: { type: 'string' },
  'max-tokens': { type: 'string' },
  temperature: { type: 'string' },
  'top-p': { type: 'string' },
  seed: { type: 'string' },
  'ignore-eos': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

export const generate = {
  summary: 'continue a text or answer a message',
  help: `usage: graft generate --model <model> (--prompt TEXT | --ids 1,2,3 | --chat TEXT) [flags]

${MODEL_HELP}
  --adapter ADAPTER --strength 1   a PEFT or MLX folder or a .gguf, and how much of it (0 = base alone)
  --max-tokens 64  --temperature 0 (greedy)  --top-p 1  --seed 0
  --ignore-eos                     go on after the end of a turn
  --json                           the last line of output is one object: text, ids (the new ones)`,

  async run(args: readonly string[]): Promise<void> {
    const flags = parseFlags('generate', args, FLAGS, { min: 0, max: 0 });
    const given = (['prompt', 'ids', 'chat'] as const).filter((name) => flags.text(name) !== undefined);
    if (given.length !== 1)
      throw new UsageError(
        `Cannot run graft generate: found ${given.length} of --prompt, --ids and --chat, need exactly one`,
      );
    const ids = flags.text('ids')?.split(',').map(Number);
    if (ids?.some((id) => !Number.isInteger(id) || id < 0))
      throw new UsageError(`Cannot read --ids: found "${flags.text('ids')}", need token ids such as 1,2,3`);
    const maxTokens = flags.number('max-tokens', 64);
    if (!Number.isInteger(maxTokens) || maxTokens < 1)
      throw new UsageError(`Cannot read --max-tokens: found ${maxTokens}, need a whole number from 1`);

    const { device, model } = await openFlaggedModel(flags);
    const folder = flags.text('adapter');
    const adapter = folder === undefined ? undefined : await readAdapterAt(model, folder);
    const isJson = flags.has('json');
    const prompt = ids
      ? { kind: 'ids' as const, ids }
      : { kind: given[0] === 'chat' ? ('chat' as const) : ('text' as const), text: flags.text(given[0]!)! };
    const result = await generateText(model, adapter, prompt, {
      maxTokens,
      strength: flags.number('strength', 1),
      temperature: flags.number('temperature', 0),
      topP: flags.number('top-p', 1),
      seed: flags.number('seed', 0),
      ignoreEos: flags.has('ignore-eos'),
      onText: (text) => void process.stdout.write(text),
    });
    process.stdout.write('\n');
    if (isJson) console.log(JSON.stringify({ text: result.text, ids: result.ids }));
    model.destroy();
    device.destroy();
  },
};
