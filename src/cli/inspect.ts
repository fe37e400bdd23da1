// graft inspect: what a model, an adapter or a dataset is. Needs no GPU.

import { type Inspection, inspectPath, type QuantError } from '../engine/inspect.node.ts';
import { readQuant } from './model-flags.ts';
import { parseFlags } from './usage.ts';

const FLAGS = {
  json: { type: 'boolean' },
  quant: { type: 'string' },
  'quant-embeddings': { type: 'string' },
} as const;

export const inspect = {
  summary: 'what a model, adapter or dataset is',
  help: `usage: graft inspect <path> [--quant SCHEME] [--json]

  A folder with config.json or a .gguf file is a model, and so is org/name[@revision] on the Hub, of which only headers are
  read. A folder with adapter_config.json is an adapter of PEFT or mlx-lm, and so is a .gguf file marked as one. Other files
  are read as datasets.
  --quant SCHEME   for a model: reads all of it and reports, matrix by matrix, the error of q8, int8-row, nf4, nf4-dq, f16 or f32
                   (or auto) against the numbers in its files; --quant-embeddings as for the other commands
  --json   one object; for a dataset: kind, format, shape, rows (usable ones), skipped and warnings ({line, reason})`,

  async run(args: readonly string[]): Promise<void> {
    const flags = parseFlags('inspect', args, FLAGS, { min: 1, max: 64 });
    const asksQuant = flags.text('quant') !== undefined || flags.text('quant-embeddings') !== undefined;
    const inspection = await inspectPath(flags.positionals, asksQuant ? readQuant(flags) : undefined);
    if (flags.has('json')) console.log(JSON.stringify(inspection));
    else print(inspection);
  },
};

/** Notices beyond this many are counted, not listed. */
const MAX_LISTED = 40;

function print(inspection: Inspection): void {
  const facts = Object.entries(inspection).filter(([, value]) => typeof value !== 'object');
  const lines = facts.map(([name, value]) => [inWords(name), factText(value)] as const);
  const width = Math.max(...lines.map(([name]) => name.length));
  for (const [name, text] of lines) console.log(`${name.padEnd(width)}  ${text}`);
  if (inspection.kind === 'dataset') {
    for (const list of ['skipped', 'warnings'] as const) {
      const notices = inspection[list];
      if (notices.length > 0) console.log(`\n${list}: ${notices.length}`);
      for (const n of notices.slice(0, MAX_LISTED)) console.log(`  ${n.file}:${n.line}: ${n.reason}`);
      if (notices.length > MAX_LISTED) console.log(`  … and ${notices.length - MAX_LISTED} more`);
    }
    return;
  }
  if (inspection.kind === 'adapter') {
    console.log('');
    for (const { path, what } of inspection.modules) console.log(`  ${path}  ${what}`);
  }
  if (inspection.kind === 'model' && inspection.quantErrors) printErrors(inspection.quantErrors);
  for (const w of inspection.warnings) console.log(`warning: ${w}`);
}

/** "kvHeads" → "kv heads" */
function inWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function factText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'number' ? value.toLocaleString('en') : String(value);
}

function printErrors(errors: readonly QuantError[]): void {
  const width = Math.max(...errors.map(({ name }) => name.length));
  console.log(`\n  ${'matrix'.padEnd(width)}  scheme    ‖w\u2032 - w‖ / ‖w‖   largest   bytes`);
  for (const e of errors)
    console.log(
      `  ${e.name.padEnd(width)}  ${e.storage.padEnd(8)}  ${e.relative.toExponential(2).padStart(12)}  ${e.largest.toExponential(2).padStart(10)}  ${e.bytes.toLocaleString('en')}`,
    );
}
