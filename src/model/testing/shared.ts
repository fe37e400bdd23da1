// Reference files that are too large for the repository lie beside it. Tests that need them skip aloud without them.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe } from 'vitest';
import { fileFromBytes, type ModelFile } from '../model-file.ts';

const SHARED = path.resolve(import.meta.dirname, '../../../../shared');
const FIXTURES = path.resolve(import.meta.dirname, 'fixtures');

/** The path of a reference file or folder, whether or not it is there. */
export function sharedPath(relative: string): string {
  return path.join(SHARED, relative);
}

/** `describe`, or a skip that says which reference is missing. */
export function describeWithShared(name: string, relative: string, body: () => void): void {
  if (existsSync(sharedPath(relative))) {
    describe(name, () => body());
    return;
  }
  console.warn(`SKIPPED "${name}": ../shared/${relative} is not there`);
  describe.skip(`${name} (skipped: ../shared/${relative} is not there)`, body);
}

/** A file on disk as the readers take it. */
export function diskFile(absolute: string): ModelFile {
  return fileFromBytes(path.basename(absolute), new Uint8Array(readFileSync(absolute)));
}

/** All files of a folder, not of the folders inside it. */
export function diskFolder(absolute: string): ModelFile[] {
  return readdirSync(absolute)
    .map((name) => path.join(absolute, name))
    .filter((file) => statSync(file).isFile())
    .map(diskFile);
}

export function sharedFile(relative: string): ModelFile {
  return diskFile(sharedPath(relative));
}

export function sharedFolder(relative: string): ModelFile[] {
  return diskFolder(sharedPath(relative));
}

export function sharedJson<T>(relative: string): T {
  return JSON.parse(readFileSync(sharedPath(relative), 'utf8')) as T;
}

/** The path of a file of src/model/testing/fixtures. */
export function fixturePath(name: string): string {
  return path.join(FIXTURES, name);
}
export function fixtureFile(name: string): ModelFile {
  return diskFile(fixturePath(name));
}
