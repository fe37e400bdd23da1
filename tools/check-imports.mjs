// Keeps the imports between rooms one-way, types too. The table is docs/architecture.md's map. Every relative path that a
// file names counts, so that `import()`, `import.meta.glob`, `new URL` and `import('…').Type` are seen as well.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseSync, Visitor } from 'vite';

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
  'ui→engine': ['engine/protocol.ts', 'engine/client.ts', 'engine/read-recipe.ts'],
};
/** `storage` may import only types of the rooms above it in the list. */
const TYPES_ONLY = { storage: ['gpu', 'data', 'model', 'lora', 'train'] };
/** Packages that only one room may import: the engine runs where there is no page, the page where there is no Node. */
const PACKAGES = {
  ui: /^(react|react-dom|zustand|radix-ui|uplot|@tanstack\/react-virtual)(\/|$)/,
  engine: /^comlink(\/|$)/,
  gpu: /^webgpu(\/|$)/,
};

/** One sentence for every import that goes the wrong way. `files`: [path below src with "/", text] pairs. */
export function findProblems(files) {
  return files.flatMap(([file, text]) => readImports(file, text).flatMap((found) => judge(file, found) ?? []));
}

function judge(file, { target, isType }) {
  const room = file.split('/')[0];
  if (!target.startsWith('.')) {
    const owner = Object.keys(PACKAGES).find((name) => PACKAGES[name].test(target));
    return owner && owner !== room ? `src/${file} imports ${target}: only ${owner} may` : undefined;
  }
  const resolved = path.posix.join(path.posix.dirname(file), target.replace(/\?.*$/, ''));
  const to = resolved.split('/')[0];
  if (to === room || !(to in ROOMS)) return undefined;
  const says = `src/${file} imports src/${resolved}: ${room} may import`;
  const door = DOORS[`${room}→${to}`];
  if (!ROOMS[room]?.includes(to)) return `${says} ${ROOMS[room]?.join(', ') || 'nothing'}`;
  if (door && !door.includes(resolved)) return `${says} only ${door.join(', ')}`;
  if (TYPES_ONLY[room]?.includes(to) && !isType) return `${says} only types of ${to}`;
  return undefined;
}

/** What a file names: packages that it imports, and every string that is a relative path. */
function readImports(file, text) {
  const { program, module, errors } = parseSync(file, text);
  if (errors.length > 0) throw new SyntaxError(`Cannot parse src/${file}: ${errors[0].message}`);
  const statements = [
    ...module.staticImports.map(({ moduleRequest, entries }) => ({ moduleRequest, entries })),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.map((entry) => ({ moduleRequest: entry.moduleRequest, entries: [entry] })),
    ),
  ].filter(({ moduleRequest }) => moduleRequest);
  const areTypes = (entries) => entries.length > 0 && entries.every((entry) => entry.isType);
  const found = statements.map(({ moduleRequest, entries }) => ({
    target: moduleRequest.value,
    isType: areTypes(entries),
  }));

  const seen = new Set(statements.map(({ moduleRequest }) => moduleRequest.start));
  const inTypes = new Set();
  new Visitor({
    // biome-ignore lint/correctness/noComponentHookFactories: a syntax node's name, no React component
    TSImportType: ({ source }) => inTypes.add(source.start),
    Literal({ value, start }) {
      if (typeof value === 'string' && /^\.\.?\//.test(value) && !seen.has(start))
        found.push({ target: value, isType: inTypes.has(start) });
    },
    TemplateElement({ value, start }) {
      if (/^\.\.?\//.test(value.cooked ?? '')) found.push({ target: value.cooked, isType: inTypes.has(start) });
    },
  }).visit(program);
  return found;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const src = path.join(import.meta.dirname, '../src');
  const names = readdirSync(src, { recursive: true }).map((name) => name.split(path.sep).join('/'));
  const files = names
    .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name) && !name.includes('/testing/'))
    .map((name) => [name, readFileSync(path.join(src, name), 'utf8')]);
  const problems = findProblems(files);
  for (const problem of problems) console.error(problem);
  console.log(`import directions: ${files.length} files, ${problems.length} problems`);
  process.exit(problems.length ? 1 : 0);
}
