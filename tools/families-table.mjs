// The README's table of families, from what is there: `model_type` by the table of src/model/families, the models by the
// first words of each family's file, and the tiny reference models that the tests compare with torch + PEFT.
//
//   node tools/families-table.mjs          writes the table into README.md
//   node tools/families-table.mjs --check  fails when README.md has another one

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const FAMILIES = path.join(root, 'src/model/families');
const FIXTURES = path.join(root, 'src/train/testing/fixtures');
const MARKS = ['<!-- families: node tools/families-table.mjs -->\n', '<!-- /families -->\n'];

/** The table in Markdown. */
export function familiesTable() {
  const references = new Map();
  for (const name of readdirSync(FIXTURES)) {
    const config = path.join(FIXTURES, name, 'model/config.json');
    if (!existsSync(config)) continue;
    const type = JSON.parse(readFileSync(config, 'utf8')).model_type;
    references.set(type, [...(references.get(type) ?? []), `\`${name}\``]);
  }
  const table = readFileSync(path.join(FAMILIES, 'by-model-type.ts'), 'utf8');
  const rows = [...table.matchAll(/^ {2}\['(\w+)', (\w+)\],$/gm)].map(([, type, name]) => {
    const file = new RegExp(`import \\{ ${name} \\} from '\\./([\\w-]+\\.ts)'`).exec(table)[1];
    const models = /^\/\/ ([^:]+):/.exec(readFileSync(path.join(FAMILIES, file), 'utf8'))[1];
    const checked = references.get(type);
    if (checked === undefined)
      throw new Error(`Cannot list "${type}": found no reference model in ${FIXTURES}, need one`);
    return `| ${models} | \`${type}\` | ${checked.join(', ')} |`;
  });
  return `| models | \`model_type\` | reference models in the tests |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

/** README.md with the table between its marks. */
export function withTable(readme) {
  const [begin, end] = [readme.indexOf(MARKS[0]), readme.indexOf(MARKS[1])];
  if (begin < 0 || end < begin) throw new Error(`Cannot write the table: found no "${MARKS[0].trim()}" in README.md`);
  return `${readme.slice(0, begin + MARKS[0].length)}${familiesTable()}${readme.slice(end)}`;
}

if (process.argv[1] === import.meta.filename) {
  const file = path.join(root, 'README.md');
  const readme = readFileSync(file, 'utf8');
  const fresh = withTable(readme);
  if (fresh === readme) console.log('README.md has the table of families as it is');
  else if (process.argv.includes('--check')) {
    console.error('README.md has another table of families: run node tools/families-table.mjs');
    process.exitCode = 1;
  } else writeFileSync(file, fresh);
}
