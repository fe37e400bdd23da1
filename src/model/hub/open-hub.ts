// A model of the Hub → its files, ready to be read by range: what is in the repository, which of it a model needs, and
// under which licence. The commit of the listing is the one that is read, so a model that changes meanwhile stays whole.

import { isObject } from '../model-file.ts';
import { isWeights, WEIGHT_NAMES } from '../weight-files.ts';
import { HubFile, MAX_KEPT_BYTES } from './hub-file.ts';
import { type HubId, hubName } from './hub-id.ts';
import { type HubAccess, HubRequests } from './hub-requests.ts';

export interface HubListing {
  readonly id: string;
  /** The commit. */
  readonly sha: string;
  readonly isGated: boolean;
  readonly licence: string | undefined;
  readonly files: readonly { readonly name: string; readonly size: number; readonly identity: string }[];
}

export interface HubModel {
  readonly name: string;
  readonly licence: string | undefined;
  readonly isGated: boolean;
  readonly files: readonly HubFile[];
  /** Of the weight files. */
  readonly weightBytes: number;
  /** True once weights are being read, which is not so when a prepared copy is used. */
  isStreaming(): boolean;
  /** Of `weightBytes`, those that have come, and those that an earlier opening has kept and that are not asked for again. */
  doneBytes(): number;
}

export interface OpenHubOptions extends HubAccess {
  readonly chunkBytes?: number;
  /** Bytes have come. */
  onBytes?(): void;
}

const SETTINGS = new Set([
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'chat_template.jinja',
  'vocab.json',
  'merges.txt',
  ...WEIGHT_NAMES.map(({ index }) => index),
]);
/** Weights of other programs, for the sentence that refuses them. */
const OTHER_WEIGHTS = /\.(bin|pt|pth|ckpt|h5|msgpack|onnx|npz)$|\.safetensors$/i;

/** Lists the repository and picks its files; no weight has been read yet. */
export async function openHub(hub: HubId, options: OpenHubOptions = {}): Promise<HubModel> {
  const requests = new HubRequests(options);
  const listing = await listRepo(hub, requests);
  const { files, file } = pickFiles(hub, listing);
  const weights = files.filter(({ name }) => /\.(safetensors|bin|gguf)$/i.test(name));
  const open = ({ name, size, identity }: HubListing['files'][number]) => {
    const path = [hub.id, 'resolve', listing.sha, name].map(encodePath).join('/');
    return new HubFile(
      requests,
      { name, size, identity, url: `${requests.endpoint}/${path}` },
      {
        ...(options.chunkBytes && { chunkBytes: options.chunkBytes }),
        keptBytes: MAX_KEPT_BYTES / weights.length,
        onBytes: () => options.onBytes?.(),
      },
    );
  };
  const opened = files.map(open);
  const isWeight = new Set(weights.map(({ name }) => name));
  const isStreaming = () => opened.some(({ isPlanned }) => isPlanned);
  return {
    name: hubName(file ? { ...hub, file } : hub),
    licence: listing.licence,
    isGated: listing.isGated,
    files: opened,
    weightBytes: weights.reduce((n, { size }) => n + size, 0),
    isStreaming,
    // A file of which nothing is planned when others are is kept whole.
    doneBytes: () =>
      opened
        .filter(({ name }) => isWeight.has(name))
        .reduce((sum, file) => sum + (isStreaming() && !file.isPlanned ? file.size : file.doneBytes), 0),
  };
}

/** Throws a sentence when the model or the revision is not there, not open, or answers with something else than a list. */
async function listRepo(hub: HubId, requests: HubRequests): Promise<HubListing> {
  const what = `"${hub.id}"${hub.revision === 'main' ? '' : ` at "${hub.revision}"`}`;
  const path = `/api/models/${encodePath(hub.id)}/revision/${encodeURIComponent(hub.revision)}?blobs=true`;
  const json = await requests.json(path, what);
  const bad = (found: string) =>
    new SyntaxError(`Cannot open ${what}: found ${found} from ${requests.host}, need the Hub's list of files`);
  if (!isObject(json) || !Array.isArray(json.siblings)) throw bad('no list of files');
  if (typeof json.sha !== 'string' || !/^[0-9a-f]{7,64}$/i.test(json.sha)) throw bad('no commit');
  const files = json.siblings.flatMap((entry: unknown) => {
    if (!isObject(entry) || typeof entry.rfilename !== 'string') throw bad('a file without a name');
    const { rfilename: name, size, blobId, lfs } = entry;
    const sha256 = isObject(lfs) && typeof lfs.sha256 === 'string' ? lfs.sha256 : undefined;
    if (!isUsed(name) && !OTHER_WEIGHTS.test(name)) return [];
    if (!Number.isSafeInteger(size) || (size as number) < 0) throw bad(`"${name}" without a size`);
    const identity = sha256 ?? (typeof blobId === 'string' ? blobId : `${json.sha}/${name}`);
    return [{ name, size: size as number, identity }];
  });
  return { id: hub.id, sha: json.sha, isGated: Boolean(json.gated), licence: licenceOf(json), files };
}

function isUsed(name: string): boolean {
  const isPlain = !name.split('/').some((part) => part === '' || part === '.' || part === '..');
  return isPlain && (SETTINGS.has(name) || WEIGHT_NAMES.some((kind) => isWeights(kind, name)) || /\.gguf$/i.test(name));
}

/** Settings and weights, or the one .gguf file that was named or is the only one there. */
function pickFiles({ id, file }: HubId, { files }: HubListing) {
  const ggufs = files.filter(({ name }) => /\.gguf$/i.test(name) && isUsed(name));
  const some = (names: readonly { readonly name: string }[]) =>
    names
      .slice(0, 4)
      .map(({ name }) => `"${name}"`)
      .join(', ') + (names.length > 4 ? ` and ${names.length - 4} more` : '');
  if (file !== undefined) {
    const named = ggufs.find(({ name }) => name === file);
    if (named) return { files: [named], file };
    const there = ggufs.length > 0 ? some(ggufs) : 'no .gguf file';
    throw new RangeError(`Cannot open "${id}": found no "${file}" in it, but ${there}`);
  }
  const weights = WEIGHT_NAMES.find((kind) => files.some(({ name }) => isWeights(kind, name)));
  const hasWeights = weights !== undefined;
  const parts = files.filter(({ name }) => SETTINGS.has(name) || (weights && isWeights(weights, name)));
  if (hasWeights && parts.some(({ name }) => name === 'config.json')) return { files: parts, file: undefined };
  if (hasWeights) throw new RangeError(`Cannot open "${id}": found no config.json in it, need one`);
  if (ggufs.length === 1) return { files: ggufs, file: ggufs[0]!.name };
  if (ggufs.length > 1)
    throw new RangeError(
      `Cannot open "${id}": found ${some(ggufs)}; need one of them behind the name, as ${id}/${ggufs[0]!.name}`,
    );
  const others = files.filter(({ name }) => OTHER_WEIGHTS.test(name));
  const found = others.length > 0 ? `only ${some(others)}` : 'no weights';
  throw new RangeError(`Cannot open "${id}": found ${found} in it, need model.safetensors or a .gguf file`);
}

/** As the model's card states it; "other" has a name of its own beside it. */
function licenceOf({ cardData, tags }: Record<string, unknown>): string | undefined {
  const card = isObject(cardData) ? cardData : {};
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
  const stated = text(Array.isArray(card.license) ? card.license.join(', ') : card.license);
  if (stated === 'other') return text(card.license_name) ?? stated;
  const tag = Array.isArray(tags) ? tags.find((t) => typeof t === 'string' && t.startsWith('license:')) : undefined;
  return stated ?? text(tag?.slice('license:'.length));
}

/** Every part of a path on its own: "#" and "?" of a name must not end the address. */
function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
