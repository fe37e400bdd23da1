// Turns a `.wgsl` file of src/gpu/shaders into the text that a device compiles, and says what it binds.
// The preprocessor is small on purpose. It does five things and no more:
//   #import name     puts the text of another shader file here; `parts` may say which file stands behind the name
//   constants        `const TILE_T = 16u;` lines written first, for sizes of register tiles (WGSL wants them constant)
//   bindings         `var<storage, read> x: …` gets its @group and @binding number in the order of appearance
//   enable           `enable subgroups;` goes to the top, where WGSL wants it
//   line map         a compiler message is given back with the file and line that a person can open
// `override` values are not text: they go to the pipeline.

const SOURCES = import.meta.glob<string>('./shaders/*.wgsl', { query: '?raw', import: 'default', eager: true });

/** Which shader, and the choices that make it one pipeline. Equal refs share a pipeline. */
export interface ShaderRef {
  /** File stem in src/gpu/shaders. */
  readonly file: string;
  /** For `#import name`: the file stem that stands behind the name. Names not given here stand for themselves. */
  readonly parts?: Readonly<Record<string, string>>;
  readonly constants?: Readonly<Record<string, number>>;
  readonly overrides?: Readonly<Record<string, number>>;
}

export type Access = 'read' | 'read_write' | 'uniform';
export interface ShaderBinding {
  readonly name: string;
  readonly access: Access;
}
export interface ShaderField {
  readonly name: string;
  readonly type: 'u32' | 'i32' | 'f32';
}
export interface ShaderSource {
  readonly code: string;
  /** By binding number. */
  readonly bindings: readonly ShaderBinding[];
  /** Fields of `struct Params`, in order; empty without one. */
  readonly params: readonly ShaderField[];
  /** "matmul.wgsl:18" for a line (from 1) of `code`. */
  locate(line: number): string;
}

export function shaderKey(ref: ShaderRef): string {
  return [ref.file, ref.parts, ref.constants, ref.overrides].map((x) => JSON.stringify(x ?? {})).join('|');
}

/** Loads and preprocesses. Throws RangeError for a file, an import or a field type that is not there. */
export function loadShader(ref: ShaderRef): ShaderSource {
  const lines: string[] = [];
  const origin: string[] = [];
  const enables = new Set<string>();
  for (const [name, value] of Object.entries(ref.constants ?? {})) {
    lines.push(`const ${name} = ${value}u;`);
    origin.push(`${ref.file}.wgsl:constants`);
  }
  const seen = new Set<string>();
  include(ref.file, ref.parts ?? {}, seen, lines, origin);
  for (const [i, line] of lines.entries()) {
    if (!line.startsWith('enable ')) continue;
    enables.add(line);
    lines[i] = '';
  }
  lines.unshift(...enables);
  origin.unshift(...[...enables].map(() => `${ref.file}.wgsl:enable`));
  const bindings = numberBindings(lines);
  const code = lines.join('\n');
  return {
    code,
    bindings,
    params: readParams(code, ref.file),
    locate: (line) => origin[line - 1] ?? `${ref.file}.wgsl`,
  };
}

const PARAMS = new Map<string, Pick<ShaderSource, 'params'>>();

/** The fields of `struct Params` that a shader takes, loaded once per combination of files. */
export function paramsOf(ref: ShaderRef): Pick<ShaderSource, 'params'> {
  const key = JSON.stringify([ref.file, ref.parts ?? {}]);
  let known = PARAMS.get(key);
  if (known === undefined) {
    known = { params: loadShader(ref).params };
    PARAMS.set(key, known);
  }
  return known;
}

function include(
  stem: string,
  parts: Readonly<Record<string, string>>,
  seen: Set<string>,
  lines: string[],
  origin: string[],
): void {
  if (seen.has(stem)) return;
  seen.add(stem);
  const text = SOURCES[`./shaders/${stem}.wgsl`];
  if (text === undefined)
    throw new RangeError(`Cannot load shader "${stem}": found no file src/gpu/shaders/${stem}.wgsl`);
  for (const [i, line] of text.split('\n').entries()) {
    const name = /^#import\s+([\w-]+)/.exec(line)?.[1];
    if (name !== undefined) {
      include(parts[name] ?? name, parts, seen, lines, origin);
    } else {
      lines.push(line);
      origin.push(`${stem}.wgsl:${i + 1}`);
    }
  }
}

function numberBindings(lines: string[]): ShaderBinding[] {
  const bindings: ShaderBinding[] = [];
  for (const [i, line] of lines.entries()) {
    const m = /^var<(?:storage,\s*(read|read_write)|(uniform))>\s+(\w+)\s*:/.exec(line);
    if (m === null) continue;
    lines[i] = `@group(0) @binding(${bindings.length}) ${line}`;
    bindings.push({ name: m[3]!, access: (m[1] ?? m[2]) as Access });
  }
  return bindings;
}

function readParams(code: string, stem: string): ShaderField[] {
  const body = /struct\s+Params\s*\{([^}]*)\}/.exec(code)?.[1];
  if (body === undefined) return [];
  const plain = body.replace(/\/\/[^\n]*/g, '');
  return [...plain.matchAll(/(\w+)\s*:\s*(\w+)/g)].map((m) => {
    const type = m[2];
    if (type !== 'u32' && type !== 'i32' && type !== 'f32')
      throw new RangeError(`Cannot load shader "${stem}": found Params.${m[1]} of type ${type}, need u32, i32 or f32`);
    return { name: m[1]!, type };
  });
}

/** Bytes of a uniform block for `struct Params`. Refuses a missing or unknown field, so there is nothing to keep in sync. */
export function packParams(
  source: Pick<ShaderSource, 'params'>,
  values: Readonly<Record<string, number>>,
  label: string,
): ArrayBuffer {
  const bytes = new ArrayBuffer(Math.max(16, Math.ceil(source.params.length / 4) * 16));
  const view = new DataView(bytes);
  for (const [i, field] of source.params.entries()) {
    const value = values[field.name];
    if (value === undefined) throw new RangeError(`Cannot pack params of "${label}": found no value for ${field.name}`);
    if (field.type === 'f32') view.setFloat32(4 * i, value, true);
    else if (field.type === 'i32') view.setInt32(4 * i, value, true);
    else view.setUint32(4 * i, value, true);
  }
  for (const name of Object.keys(values))
    if (!source.params.some((f) => f.name === name))
      throw new RangeError(`Cannot pack params of "${label}": found ${name}, which struct Params does not have`);
  return bytes;
}
