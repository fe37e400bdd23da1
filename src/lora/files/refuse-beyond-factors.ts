// Formats that know A and B of linears and nothing else: what an adapter has beside them would be lost in silence.

import type { Adapter } from '../adapter.ts';
import { methodName } from '../adapter-config.ts';

/** What there is instead. */
const WAYS_OUT = { IA3: '; need a merged model', PROMPT_TUNING: '', BOTTLENECK: '' } as const;

/** Throws a RangeError that names what `program` has no place for. `allowed`: parts that this format does have. */
export function refuseBeyondFactors(
  { config, modules, saved, tokens }: Adapter,
  format: string,
  program: string,
  allowed: readonly ('DoRA' | 'embeddings')[] = [],
): void {
  if (config.peft_type !== 'LORA')
    throw new RangeError(
      `Cannot write the adapter ${format}: found ${methodName(config)}, ${program} knows LoRA alone${WAYS_OUT[config.peft_type]}`,
    );
  const refuse = (what: string, path: string) => {
    throw new RangeError(
      `Cannot write the adapter ${format}: found ${what} at "${path}", ${program} has no place for it; need a merged model`,
    );
  };
  for (const [path, { magnitude, loraBias, isEmbedding }] of modules) {
    if (magnitude && !allowed.includes('DoRA')) refuse('DoRA', path);
    if (loraBias) refuse('lora_B.bias', path);
    if (isEmbedding && !allowed.includes('embeddings')) refuse('LoRA on an embedding', path);
  }
  for (const path of saved?.keys() ?? []) refuse('a parameter that was trained in full', path);
  for (const path of tokens?.keys() ?? []) refuse('trained tokens', path);
}
