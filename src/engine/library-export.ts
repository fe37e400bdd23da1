// An adapter of the library in the form that another program takes, as one file to download: what a folder is elsewhere is a zip
// here. Merged models are made on the open base, piece by piece.

import { readAdapter } from '../lora/files/read-adapter.ts';
import { pushFiles } from '../model/hub/push-files.ts';
import { fileFromBytes, findFile } from '../model/model-file.ts';
import type { StreamedFile } from '../model/streamed-file.ts';
import { zipStream } from '../storage/zip-stream.ts';
import { DEFAULT_SETTINGS } from '../train/recipe.ts';
import { type ExportOptions, type ExportSource, exportFiles, fileStem } from './export-adapter.ts';
import { filesForHub } from './hub-card.ts';
import type { AdapterRecord, ExportedFile, ExportFormat, OnProgress, PushTarget } from './protocol.ts';
import { RECEIPT_NAME, readReceipt } from './receipt/receipt.ts';
import type { Session } from './session.ts';

/** Formats that carry weights of the base. */
const MERGED: readonly ExportFormat[] = ['ollama', 'merged-safetensors', 'merged-gguf'];

/** Throws a sentence when the open base is not the adapter's, or the format has no place for what the adapter holds. */
export async function exportFromLibrary(
  session: Session,
  record: AdapterRecord,
  options: Pick<ExportOptions, 'format' | 'type'>,
  onProgress: OnProgress,
): Promise<ExportedFile> {
  const { folder, quant, weights } = session.needModel();
  if (MERGED.includes(options.format) && record.baseHash !== weights.hash)
    throw new Error(
      `Cannot merge "${record.name}": found "${session.modelReport!.name}" open, need its base "${record.baseName}" in the same precision`,
    );
  const source = await readSource(session, record);
  const run =
    options.format === 'cluster'
      ? { rows: rowsOf(session), settings: source.receipt?.run?.recipe ?? DEFAULT_SETTINGS }
      : undefined;
  const { files, isFolder, notices } = await exportFiles({ folder, quant }, source, { ...options, run });
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const counted = files.map(
    (file): StreamedFile => ({
      ...file,
      async *chunks() {
        for await (const chunk of file.chunks()) {
          yield chunk;
          done += chunk.length;
          onProgress({ what: 'export', done, total, unit: 'bytes' });
        }
      },
    }),
  );
  const fileName = isFolder ? `${fileStem(record.name)}-${options.format}.zip` : files[0]!.name;
  const chunks = isFolder ? zipStream(counted) : counted[0]!.chunks();
  return { fileName, file: await session.host.writeExport(fileName, chunks), notices };
}

/** The adapter, its card and the picture of its loss, as one commit. */
export async function pushFromLibrary(
  session: Session,
  record: AdapterRecord,
  { repo, token, isPrivate }: PushTarget,
  onProgress: OnProgress,
): Promise<{ readonly url: string }> {
  session.needModel();
  const { adapter, peftFiles = [], receipt, name } = await readSource(session, record);
  const files = await filesForHub(adapter!, peftFiles, receipt, repo);
  const { url } = await pushFiles({
    ...{ repo, token, isPrivate, files, title: `${name}, trained with Graft` },
    onProgress: (done, total) => onProgress({ what: 'push', done, total, unit: 'bytes' }),
  });
  return { url };
}

async function readSource({ host, model }: Session, { id, name }: AdapterRecord): Promise<ExportSource> {
  const kept = [...(await host.adapters.files(id))].map(([file, bytes]) => ({ name: file, bytes }));
  const files = kept.map((file) => fileFromBytes(file.name, file.bytes));
  const receiptFile = findFile(files, RECEIPT_NAME);
  const receipt = receiptFile && (await readReceipt(receiptFile).catch(() => undefined));
  const { adapter } = await readAdapter(files, model!.config);
  return { adapter, name, peftFiles: kept, receipt };
}

function rowsOf({ data }: Session) {
  const rows = data?.dataset?.rows;
  if (rows === undefined || rows.length === 0)
    throw new Error('Cannot write a folder for a cluster: found no dataset open, need its rows');
  return rows;
}
