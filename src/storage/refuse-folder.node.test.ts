import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checkAdapterFolder, refuseInput } from './refuse-folder.node.ts';

const root = mkdtempSync(path.join(tmpdir(), 'graft-refuse-'));
afterAll(() => rmSync(root, { recursive: true }));

function folderOf(name: string, ...files: readonly string[]): string {
  const folder = path.join(root, name);
  mkdirSync(folder);
  for (const file of files) writeFileSync(path.join(folder, file), '');
  return folder;
}

it('checkAdapterFolder() knows an adapter from an empty folder, and refuses a project and a model', async () => {
  expect(await checkAdapterFolder(path.join(root, 'nowhere'))).toBe(false);
  expect(await checkAdapterFolder(folderOf('empty', 'notes.txt'))).toBe(false);
  expect(await checkAdapterFolder(folderOf('adapter', 'adapter_config.json', 'README.md'))).toBe(true);
  await expect(checkAdapterFolder(folderOf('project', 'README.md'))).rejects.toThrow(
    `found a "README.md" that is no adapter's`,
  );
  await expect(checkAdapterFolder(folderOf('base', 'config.json'))).rejects.toThrow('found a "config.json" that');
});

it('refuseInput() knows an input however it is spelled', async () => {
  const input = folderOf('input');
  symlinkSync(input, path.join(root, 'link'));
  for (const spelled of [input, `${input}/`, path.join(root, 'x', '..', 'input'), path.join(root, 'link')])
    await expect(refuseInput(spelled, ['org/model', input])).rejects.toThrow('it is what is read');
  await refuseInput(path.join(root, 'other'), ['org/model', input]);
});
