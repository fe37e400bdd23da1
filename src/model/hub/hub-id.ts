// What people type for a model of the Hub: "org/name", with "@revision" behind it, with one ".gguf" file of it, or the
// address of its page.

export interface HubId {
  /** "org/name" */
  readonly id: string;
  /** Branch, tag, commit or "refs/pr/1". */
  readonly revision: string;
  /** Path of one .gguf file in the repository. */
  readonly file: string | undefined;
}

export const HUB = 'https://huggingface.co';
const MAIN = 'main';
/** The Hub's own rule for a name is stricter; this one keeps what is typed from being anything but a name. */
const PART = '[A-Za-z0-9][A-Za-z0-9._-]{0,95}';
const SHAPE = new RegExp(`^(${PART}/${PART})((?:/[^/@?#\\\\]+)+\\.gguf)?(?:@([^\\s?#\\\\]{1,250}))?$`, 'i');
const PAGE = new RegExp(
  `^https?://(?:www\\.)?(?:huggingface\\.co|hf\\.co)/(${PART}/${PART})(?:/tree/([^?#]+))?/?$`,
  'i',
);

/** Undefined when `text` is no model id. `revision` stands for one that is typed apart. */
export function readHubId(text: string, revision?: string): HubId | undefined {
  const typed = text.trim();
  const page = PAGE.exec(typed);
  const [, id, file, behind] = SHAPE.exec(page ? `${page[1]}${page[2] ? `@${page[2]}` : ''}` : typed) ?? [];
  const at = revision?.trim() || behind || MAIN;
  const hasDots = `${file ?? ''}/${at}`.split('/').some((part) => part === '.' || part === '..');
  if (id === undefined || hasDots || id.endsWith('.')) return undefined;
  return { id, revision: at, file: file?.slice(1) };
}

/** The id as a name for people and for adapter_config.json; of a .gguf file without its ending. */
export function hubName({ id, file }: HubId): string {
  return file === undefined ? id : `${id}/${file.replace(/\.gguf$/i, '')}`;
}
