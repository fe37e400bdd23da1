// What `--model` names → its files: a folder, one .gguf file, or, where nothing of that name lies here, a model of the Hub.

import { stat } from 'node:fs/promises';
import path from 'node:path';
import { readHubId } from '../model/hub/hub-id.ts';
import type { HubAccess } from '../model/hub/hub-requests.ts';
import { openHub } from '../model/hub/open-hub.ts';
import type { ModelFile } from '../model/model-file.ts';
import { openModelFiles } from '../storage/node.ts';
import type { Download } from './download-progress.ts';

export interface ModelAt {
  /** Undefined: as its files say. */
  readonly name: string | undefined;
  readonly licence: string | undefined;
  readonly files: readonly ModelFile[];
  /** Of a model of the Hub. */
  readonly download: Download | undefined;
}

/** HF_ENDPOINT and HF_TOKEN, as other programs read them; a token given in words goes first. */
export function hubAccess(token?: string, env: NodeJS.ProcessEnv = process.env): HubAccess {
  return { endpoint: env.HF_ENDPOINT || undefined, token: token || env.HF_TOKEN || undefined };
}

/** Throws a sentence that names the folder, or the model, that is not there. */
export async function findModel(at: string, access: HubAccess = hubAccess()): Promise<ModelAt> {
  const isHere = (await stat(at).catch(() => undefined)) !== undefined;
  const hub = isHere ? undefined : readHubId(at);
  if (hub === undefined) {
    const name = path.basename(path.resolve(at)).replace(/\.gguf$/i, '');
    return { name, licence: undefined, files: await openModelFiles(at), download: undefined };
  }
  const model = await openHub(hub, access).catch((error: Error) => {
    // A mistyped folder looks like an id, too.
    throw new Error(`${error.message} (and "${at}" is no folder here)`);
  });
  const { name, licence, files, weightBytes: totalBytes, doneBytes } = model;
  return { name, licence, files, download: { totalBytes, doneBytes } };
}
