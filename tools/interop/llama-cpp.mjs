// Greedy continuations by llama.cpp: node llama-cpp.mjs FOLDER JOBS.json RESULTS.json, in a process of its own because the
// library lives where `npm install --prefix FOLDER` has put it. A job: { model, lora?, prompt, count }.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, jobs, results] = process.argv.slice(2);
const entry = createRequire(path.resolve(folder, 'package.json')).resolve('node-llama-cpp');
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry).href);
const llama = await getLlama({
  gpu: false,
  build: 'never',
  progressLogs: false,
  logLevel: LlamaLogLevel.error,
  maxThreads: 2,
});

const found = [];
for (const job of JSON.parse(readFileSync(jobs, 'utf8')))
  found.push(await answer(job).catch((error) => ({ error: error.message })));
writeFileSync(results, JSON.stringify(found));
process.exit(0); // the library's threads would keep the process

async function answer({ model: modelPath, lora, prompt, count }) {
  const model = await llama.loadModel({ modelPath: path.resolve(modelPath) });
  const adapters = lora ? { lora: { adapters: [{ filePath: path.resolve(lora), scale: 1 }] } } : {};
  const context = await model.createContext({ contextSize: 256, threads: 2, ...adapters });
  const tokens = model.tokenize(prompt, true);
  const ids = [];
  for await (const id of context.getSequence().evaluate(tokens, { temperature: 0, yieldEogToken: true })) {
    ids.push(id);
    if (ids.length === count) break;
  }
  await context.dispose();
  await model.dispose();
  return { prompt: [...tokens], ids };
}
