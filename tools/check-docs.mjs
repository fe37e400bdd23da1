// Keeps the documentation true: what README.md, CONTRIBUTING.md and docs/*.md name in `code` must exist.
//
//   paths         docs/x.md, lora/place-adapter.ts, eva/    a tracked file or folder that ends so, or a file name that the sources write
//   links         [text](docs/x.md), (#heading)      relative to the document
//   symbols       Graph.inPlace, whenAsked           every part of a name in camel case is a word of the sources
//   scripts       npm run check                      a script of package.json

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const PATH = /^[\w.*/-]+(\.(ts|tsx|mjs|wgsl|py|md|json|html|bin|txt|js)|\/)$/;
/** What a build or a tool makes, and names that stand for many: `kernels/x.ts`. */
const MADE = /^(dist\/|sw\.js$|(kernels|shaders)\/x[.-])|^x-/;

/** One sentence for everything that `text` names and that is not there. `document`: its path; `files`: all tracked paths. */
export function findMissing(document, text, { files, sources, scripts }) {
  const words = new Set(sources.match(/\w+/g));
  const anchor = (title) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-');
  const anchors = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) => anchor(title));
  const endsSo = (name) => {
    const pattern = name.replace(/[.]/g, '\\.').replaceAll('*', '[^/]*');
    const wanted = new RegExp(`(^|/)${pattern}${name.endsWith('/') ? '' : '$'}`);
    return files.some((file) => wanted.test(file)) || sources.includes(`'${name}'`);
  };
  const prose = text.replace(/^```.*?^```/gms, '');
  const codes = [...prose.matchAll(/`([^`]+)`/g)].map(([, code]) => code.replace(/\s+/g, ' '));
  const paths = codes.filter((code) => PATH.test(code) && !MADE.test(code) && !endsSo(code));
  const symbols = codes.filter(
    (code) =>
      /^\w+(\.\w+)?$/.test(code) && /[a-z][A-Z]/.test(code) && !code.split('.').every((part) => words.has(part)),
  );
  const run = [...text.matchAll(/npm run ([\w:]+)/g)].filter(([, script]) => !(script in scripts));
  const links = [...prose.matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g)].filter(([, file, place]) =>
    file === '' ? !anchors.includes(place) : !files.includes(path.posix.join(path.posix.dirname(document), file)),
  );
  const named = [...paths, ...symbols, ...run.map(([whole]) => whole), ...links.map(([whole]) => whole.slice(1))];
  return named.map((name) => `${document} names "${name}": there is none`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = path.join(import.meta.dirname, '..');
  const read = (file) => readFileSync(path.join(root, file), 'utf8');
  const files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const sources = files
    .filter((file) => /\.(tsx?|mjs|wgsl)$/.test(file))
    .map(read)
    .join('\n');
  const { scripts } = JSON.parse(read('package.json'));
  const documents = files.filter((file) => /^(README|CONTRIBUTING|docs\/[\w-]+)\.md$/.test(file));
  const problems = documents.flatMap((file) => findMissing(file, read(file), { files, sources, scripts }));
  for (const problem of problems) console.error(problem);
  console.log(`names in the documentation: ${documents.length} documents, ${problems.length} problems`);
  process.exit(problems.length ? 1 : 0);
}
