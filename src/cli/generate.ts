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
  'top-k': { type: 'string' },
  'top-p': { type: 'string' },
  'min-p': { type: 'string' },
  'repetition-penalty': { type: 'string' },
  stop: { type: 'string', multiple: true },
  seed: { type: 'string' },
  'ignore-eos': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

export const generate = {
  summary: 'continue a text or answer a message',
  help: `usage: graft generate --model <model> (--prompt TEXT | --ids 1,2,3 | --chat TEXT) [flags]

${MODEL_HELP}
  --adapter ADAPTER --strength 1   a PEFT or MLX folder or a .gguf, and how much of it (0 = base alone)
  --max-tokens 64  --seed 0
  --temperature 0 (greedy)  --top-k 0 (all)  --top-p 1  --min-p 0  --repetition-penalty 1
                                   as transformers has them, in its order: penalty, temperature, k, p, min-p
  --stop TEXT                      stop before this text; may be repeated
  --ignore-eos                     continue after the end of a turn
  --json                           the last line of output is one object: text, ids (the new ones), tokensPerSecond`,

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
      topK: flags.number('top-k', 0),
      topP: flags.number('top-p', 1),
      minP: flags.number('min-p', 0),
      repetitionPenalty: flags.number('repetition-penalty', 1),
      stopTexts: flags.list('stop'),
      seed: flags.number('seed', 0),
      ignoreEos: flags.has('ignore-eos'),
      onText: (text) => void process.stdout.write(text),
    });
    process.stdout.write('\n');
    if (isJson) console.log(JSON.stringify(result));
    else process.stderr.write(`${result.ids.length} tokens, ${result.tokensPerSecond.toFixed(1)} tokens/s\n`);
    model.destroy();
    device.destroy();
  },
};
