// Keeps the imports between rooms one-way, types too. The table is docs/architecture.md's map.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOMS = {
  gpu: [],
  data: [],
  model: ['gpu'],
  lora: ['gpu', 'model'],
  train: ['gpu', 'data', 'model', 'lora'],
  storage: ['gpu', 'data', 'model', 'lora', 'train'],
  engine: ['gpu', 'data', 'model', 'lora', 'train', 'storage'],
  cli: ['engine'],
  ui: ['engine'],
};
/** The only files of a room that a restricted importer may see; types of anything else reach it through these. */
const DOORS = {
  'ui→engine': ['engine/protocol.ts', 'engine/client.ts'],
};
/** `storage` may import only types of the rooms above it in the list. */
const TYPES_ONLY = { storage: ['gpu', 'data', 'model', 'lora', 'train'] };

const src = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..', 'src');
const files = readdirSync(src, { recursive: true }).filter((f) => /\.tsx?$/.test(f));
const problems = [];
for (const file of files) {
  const isTest = /\.test\.tsx?$/.test(file) || file.includes(`${path.sep}testing${path.sep}`);
  if (isTest) continue;
  const room = file.split(path.sep)[0];
  const text = readFileSync(path.join(src, file), 'utf8');
  for (const m of text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'(\.[^']+)'/gms)) {
    const target = path.relative(src, path.resolve(src, path.dirname(file), m[2].replace(/\?.*$/, '')));
    const to = target.split(path.sep)[0];
    if (to === room || !(to in ROOMS)) continue;
    const door = DOORS[`${room}→${to}`];
    if (!ROOMS[room]?.includes(to)) problems.push(`src/${file} imports src/${target}: ${room} may import ${ROOMS[room]?.join(', ') || 'nothing'}`);
    else if (door && !door.includes(target.split(path.sep).join('/'))) problems.push(`src/${file} imports src/${target}: ${room} may import only ${door.join(', ')}`);
    else if (TYPES_ONLY[room]?.includes(to) && !m[1]) problems.push(`src/${file} imports values of src/${target}: ${room} may import only types of it`);
  }
}
for (const p of problems) console.error(p);
console.log(`import directions: ${files.length} files, ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
