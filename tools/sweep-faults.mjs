// A fault at every call of a short run (src/engine/train-through-faults.long.test.ts), in sixteen parts, each in a process of its
// own. `node tools/sweep-faults.mjs`; what was done is kept in test-results, so that a sweep that was broken off goes on where it
// was. `npm run report:reliability` does it when GRAFT_FAULTS=all, which takes about an hour.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = path.join(import.meta.dirname, '..');
export const SWEEP = 'src/engine/train-through-faults.long.test.ts';
const PARTS = 16;
const FIGURE = /^(\d+) faults injected at (\d+) calls of a short run, (\d+) noticed/;

/** The figure of all parts, from that of each; undefined while one is missing or was counted over another run. */
export function sumFigures(figures) {
  const counts = figures.map((figure) =>
    FIGURE.exec(figure ?? '')
      ?.slice(1)
      .map(Number),
  );
  if (counts.includes(undefined) || counts.some(([, calls]) => calls !== counts[0][1])) return undefined;
  const [faults, noticed] = [0, 2].map((at) => counts.reduce((sum, count) => sum + count[at], 0));
  if (faults !== counts[0][1]) return undefined;
  return `${faults} faults injected, one at each of the ${faults} calls of a short run, ${noticed} noticed, 0 bits of the adapter different`;
}

/** The sweep's figure, or undefined when a part has failed; `runPart(name, figuresFile)` returns true when it passed. */
export function sweepFaults(runPart = runTests, kept = path.join(ROOT, 'test-results/fault-sweep')) {
  mkdirSync(kept, { recursive: true });
  const figures = Array.from({ length: PARTS }, (_, i) => {
    const file = path.join(kept, `${i + 1}-of-${PARTS}.jsonl`);
    if (!existsSync(file)) {
      const draft = `${file}.draft`;
      rmSync(draft, { force: true });
      if (!runPart(`${i + 1}/${PARTS}`, draft)) return undefined;
      renameSync(draft, file);
    }
    return JSON.parse(readFileSync(file, 'utf8').trim().split('\n').at(-1)).figure;
  });
  const figure = sumFigures(figures);
  if (figure !== undefined) rmSync(kept, { recursive: true });
  return figure;
}

function runTests(part, figures) {
  console.log(`\n── faults, part ${part} ──`);
  const env = { ...process.env, GRAFT_FAULTS: part, GRAFT_FIGURES: figures };
  const { status } = spawnSync('npm', ['run', 'test:long', '--', SWEEP], { cwd: ROOT, stdio: 'inherit', env });
  return status === 0 && existsSync(figures);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const figure = sweepFaults();
  console.log(
    figure ?? 'Cannot sum up the faults: a part has failed; run it again, or remove test-results/fault-sweep',
  );
  process.exitCode = figure === undefined ? 1 : 0;
}
