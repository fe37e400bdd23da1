// What to type elsewhere to use a file that was downloaded: the lines of the program that it was written for, with the names filled
// in. Pure; names come from users, so every one stands as a string of its language or as a file name that `fileStem` has made safe.
import type { AdapterRecord, ExportFormat } from '../../engine/protocol.ts';

export interface Written {
  readonly format: ExportFormat;
  /** As it was downloaded. */
  readonly fileName: string;
  readonly adapter: Pick<AdapterRecord, 'name' | 'baseName' | 'method'>;
}

export interface Loading {
  /** Folder that the zip is to be unpacked into; undefined: it is one file. */
  readonly folder: string | undefined;
  /** Whom the lines are for. */
  readonly program: 'Python' | 'Terminal';
  readonly lines: readonly string[];
  /** The base is needed beside it, and the lines do not know where it lies. */
  readonly needsBase: boolean;
}

/** A model of the Hub is opened by its id anywhere. */
const REPOSITORY = /^[\w.-]+\/[\w.-]+$/;
/** Stands for a base that only its owner can find. */
const BASE_FOLDER = 'path/to/the/base';

export function loadingLines({ format, fileName, adapter }: Written): Loading {
  const folder = fileName.endsWith('.zip') ? fileName.slice(0, -'.zip'.length) : undefined;
  const isOnHub = REPOSITORY.test(adapter.baseName);
  const base = isOnHub ? adapter.baseName : BASE_FOLDER;
  const at = folder ?? fileName;
  const inTerminal = (lines: readonly string[], needsBase = false): Loading => ({
    ...{ folder, program: 'Terminal', lines, needsBase },
  });
  switch (format) {
    case 'peft': {
      const lines = adapter.method === 'bottleneck adapters' ? adapterHub(base, at) : peft(base, at);
      return { folder, program: 'Python', lines, needsBase: !isOnHub };
    }
    case 'gguf':
      return inTerminal([`llama-cli -m base.gguf --lora ${fileName}`], true);
    case 'mlx':
      return inTerminal(
        ['pip install mlx-lm', `mlx_lm.generate --model ${base} --adapter-path ${at} --prompt "…"`],
        !isOnHub,
      );
    case 'ollama': {
      const model = ollamaName(adapter.name);
      return inTerminal([`cd ${at}`, `ollama create ${model} -f Modelfile`, `ollama run ${model}`]);
    }
    case 'merged-gguf':
      return inTerminal([`llama-cli -m ${fileName}`]);
    case 'merged-safetensors':
      return { folder, program: 'Python', lines: transformers(at), needsBase: false };
    case 'cluster':
      return inTerminal([
        `cd ${at}`,
        'pip install -r requirements.txt',
        'accelerate launch --config_file accelerate/one-gpu.yaml --num_processes 1 train.py',
      ]);
  }
}

const peft = (base: string, folder: string) => [
  'from peft import PeftModel',
  'from transformers import AutoModelForCausalLM, AutoTokenizer',
  '',
  `base = ${JSON.stringify(base)}`,
  'tokenizer = AutoTokenizer.from_pretrained(base)',
  'model = AutoModelForCausalLM.from_pretrained(base)',
  `model = PeftModel.from_pretrained(model, ${JSON.stringify(folder)})`,
];

const adapterHub = (base: string, folder: string) => [
  'import adapters',
  'from transformers import AutoModelForCausalLM',
  '',
  `model = AutoModelForCausalLM.from_pretrained(${JSON.stringify(base)})`,
  'adapters.init(model)',
  `model.set_active_adapters(model.load_adapter(${JSON.stringify(folder)}, use_safetensors=True))`,
];

const transformers = (folder: string) => [
  'from transformers import AutoModelForCausalLM, AutoTokenizer',
  '',
  `tokenizer = AutoTokenizer.from_pretrained(${JSON.stringify(folder)})`,
  `model = AutoModelForCausalLM.from_pretrained(${JSON.stringify(folder)})`,
];

/** Ollama's names are small letters, digits, dots and dashes. */
function ollamaName(name: string): string {
  const safe = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[-._]+|[-._]+$/g, '');
  return safe.slice(0, 60) || 'my-adapter';
}
