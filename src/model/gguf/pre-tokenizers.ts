// How text is cut before byte pairs are merged, by the name that llama.cpp gives each way (tokenizer.ggml.pre). The
// patterns are those of the models' own tokenizer.json. A name that is not here is refused: with another cut the text
// still encodes, into tokens that the model was not trained on.

export interface PreTokenizer {
  /** Applied one after another, each to what the one before has left whole. */
  readonly splits: readonly string[];
  /** A word that is a token stays one, whatever the merges say. */
  readonly ignoreMerges?: boolean;
  /** Whether the file means a leading bos when it does not say. */
  readonly addBos?: boolean;
}

const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
/** Every numeric character alone, ½ and Ⅷ too, before anything else: the trap of SmolLM and StarCoder. */
const DIGITS_GPT2 = ['\\p{N}', GPT2];
/** "(?i:'s|'t…)" spelled out: regular expressions without modifiers are understood by every browser. */
const CONTRACTIONS = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
const words = (digits: string) =>
  `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
/** Words that begin anew at a capital letter. */
const cased = (digits: string, ending: string) => {
  const upper = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
  const lower = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
  const start = '[^\\r\\n\\p{L}\\p{N}]?';
  return `${start}${upper}*${lower}+${ending}|${start}${upper}+${lower}*${ending}|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
};

const gpt2: PreTokenizer = { splits: [GPT2] };
const digitsFirst: PreTokenizer = { splits: DIGITS_GPT2 };
const llama3: PreTokenizer = { splits: [words('\\p{N}{1,3}')], ignoreMerges: true, addBos: true };
const qwen2: PreTokenizer = { splits: [words('\\p{N}')] };
const gpt4o: PreTokenizer = { splits: [cased('\\p{N}{1,3}', `${CONTRACTIONS}?`)] };
const chatGlm: PreTokenizer = { splits: [words('\\p{N}{1,3}')] };

export const PRE_TOKENIZERS: Readonly<Record<string, PreTokenizer>> = {
  default: { splits: ['[\\p{P}\\$\\+<=>\\^~\\|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]'] },
  falcon: { splits: ['[\\p{P}\\$\\+<=>\\^~\\|`]+', GPT2, '[0-9][0-9][0-9]'] },
  'gpt-2': gpt2,
  'phi-2': gpt2,
  mpt: gpt2,
  olmo: gpt2,
  mellum: gpt2,
  exaone4: gpt2,
  trillion: gpt2,
  smollm: digitsFirst,
  starcoder: digitsFirst,
  refact: digitsFirst,
  'command-r': digitsFirst,
  codeshell: digitsFirst,
  exaone: digitsFirst,
  'minerva-7b': digitsFirst,
  llama3,
  'llama-v3': llama3,
  'llama-bpe': llama3,
  falcon3: llama3,
  pixtral: llama3,
  lfm2: llama3,
  qwen2,
  'deepseek-r1-qwen': qwen2,
  stablelm2: qwen2,
  megrez: qwen2,
  hunyuan: qwen2,
  'gpt-4o': gpt4o,
  llama4: gpt4o,
  tekken: { splits: [cased('\\p{N}', '')], ignoreMerges: true, addBos: true },
  dbrx: chatGlm,
  'smaug-bpe': chatGlm,
  'chatglm-bpe': chatGlm,
  glm4: chatGlm,
};
