// A download that is kept in memory, for tests.

import type { EngineHost } from '../session.ts';

export const memoryExport: EngineHost['writeExport'] = async (_, chunks) => {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of chunks) parts.push(chunk.slice() as Uint8Array<ArrayBuffer>);
  return new Blob(parts);
};
