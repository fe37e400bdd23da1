// README.md of an adapter as the Hub shows it: front matter that its index reads, how it was made, how it did, and
// how to load it. Plain facts; what is not known is left out.

import type { Adapter } from '../adapter.ts';
import { type AdapterConfig, methodName } from '../adapter-config.ts';
import { countTrainable } from '../adapter-tensors.ts';
import { methodFacts } from '../describe-adapter.ts';

/** What the card tells beside the adapter itself. */
export interface CardFacts {
  readonly name: string;
  /** Of the base ("apache-2.0"): the adapter is a work based on it. */
  readonly licence?: string | undefined;
  readonly datasetName?: string | undefined;
  readonly steps?: number | undefined;
  readonly finalLoss?: number | undefined;
  readonly validationLoss?: number | undefined;
  /** The base's loss on the same validation rows. */
  readonly baseValidationLoss?: number | undefined;
  /** Further rows of the recipe table, in this order: "learning rate" → "0.001". */
  readonly recipe?: Readonly<Record<string, string | number>> | undefined;
}

/** Markdown. `config` is the one written beside it. */
export function writeModelCard(adapter: Adapter, config: AdapterConfig, facts: CardFacts): string {
  const base = config.base_model_name_or_path;
  return [
    frontMatter(base, facts.licence, TAGS[config.peft_type]),
    `# ${line(facts.name)}`,
    `${config.peft_type === 'LORA' ? 'A' : 'An'} ${methodName(config)} adapter${base === null ? '' : ` for ${code(base)}`}, trained with Graft. The base model's weights are not part of it.`,
    '## Recipe',
    table(['setting', 'value'], recipeRows(adapter, facts)),
    ...lossSection(facts),
    '## Use',
    ...usage(base, config.peft_type),
    '',
  ].join('\n\n');
}

/** As the Hub's index has them. */
const TAGS = {
  LORA: 'lora',
  IA3: 'ia3',
  PROMPT_TUNING: 'prompt-tuning',
  BOTTLENECK: 'adapter-transformers',
} as const satisfies Record<AdapterConfig['peft_type'], string>;

/** The Hub refuses a base_model that is no repository name, so a folder's name stays out of it. */
function frontMatter(base: string | null, licence: string | undefined, tag: string): string {
  const isRepository = base !== null && /^[\w.-]+\/[\w.-]+$/.test(base);
  return [
    '---',
    ...(isRepository ? [`base_model: ${base}`] : []),
    `library_name: ${tag === TAGS.BOTTLENECK ? 'adapters' : 'peft'}`,
    'pipeline_tag: text-generation',
    ...(licence === undefined ? [] : [`license: ${JSON.stringify(licence)}`]),
    'tags:',
    '- graft',
    `- ${tag}`,
    '---',
  ].join('\n');
}

function recipeRows(adapter: Adapter, facts: CardFacts): [string, string][] {
  const rows: [string, string | number | undefined][] = [
    ...methodFacts(adapter).map(([name, value]): [string, string | number] => [name, value]),
    ['trained parameters', countTrainable(adapter).toLocaleString('en-US')],
    ['dataset', facts.datasetName],
    ['steps', facts.steps],
    ...Object.entries(facts.recipe ?? {}),
  ];
  return rows.filter(([, value]) => value !== undefined).map(([key, value]) => [line(key), line(String(value))]);
}

function lossSection(facts: CardFacts): string[] {
  const rows: [string, number | undefined][] = [
    ['training, last step', facts.finalLoss],
    ['validation', facts.validationLoss],
    ['validation, base model alone', facts.baseValidationLoss],
  ];
  const known = rows.filter(([, value]) => value !== undefined && Number.isFinite(value));
  if (known.length === 0) return [];
  return [
    '## Loss',
    table(
      ['mean over supervised tokens', 'nats'],
      known.map(([name, value]) => [name, value!.toFixed(4)]),
    ),
  ];
}

/** Python that opens the base and puts the adapter on it. */
function usage(base: string | null, method: AdapterConfig['peft_type']): string[] {
  const { link, imports, load } = method === 'BOTTLENECK' ? WITH_ADAPTERS : WITH_PEFT;
  const code = [
    '```python',
    ...imports,
    '',
    `model = AutoModelForCausalLM.from_pretrained(${JSON.stringify(base ?? 'path/to/the/base/model')})`,
    ...load,
    '```',
  ].join('\n');
  return [`With ${link}, from this folder:`, code];
}

const WITH_PEFT = {
  link: '[PEFT](https://github.com/huggingface/peft)',
  imports: ['from peft import PeftModel', 'from transformers import AutoModelForCausalLM'],
  load: ['model = PeftModel.from_pretrained(model, "path/to/this/folder")'],
} as const;

/** AdapterHub's package. */
const WITH_ADAPTERS = {
  link: '[adapters](https://github.com/adapter-hub/adapters)',
  imports: ['import adapters', 'from transformers import AutoModelForCausalLM'],
  load: [
    'adapters.init(model)',
    'model.set_active_adapters(model.load_adapter("path/to/this/folder", use_safetensors=True))',
  ],
} as const;

function table(head: readonly [string, string], rows: readonly (readonly [string, string])[]): string {
  return [head, ['---', '---'], ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** Names come from users: one line, no markup that begins a block or a tag. */
function line(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[<>]/g, '').trim();
}

function code(text: string): string {
  return `\`${line(text).replaceAll('`', '')}\``;
}
