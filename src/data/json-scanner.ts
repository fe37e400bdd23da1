// Cuts a JSON document into its rows without parsing it: strings, brackets and line ends are all it looks at. What lies
// between goes to JSON.parse, row by row. An object at the top is kept whole, with the lines of its lists' elements.
//
//   [ {…} , {…} ]        elements of depth 1, each with its line
//   { "data": [ {…} ] }  the wrapper; element lines under "data"
import { cannotRead } from './dataset-error.ts';
import type { NoticeBook } from './notice-book.ts';

/** Deeper rows hold no text for a model; stops crafted files that nest to exhaust a parser's stack. */
const MAX_NESTING = 200;
/** An object at the top cannot be read in pieces: above this, rows belong in an array or in JSONL. */
const MAX_WRAPPER_CHARS = 128 * 1024 * 1024;

export interface JsonElement {
  readonly line: number;
  readonly text: string;
}

type Expecting = 'top' | 'first' | 'value' | 'comma' | 'end';

export class JsonScanner {
  /** Set at the end of a document that is one object. */
  wrapper: { text: string; line: number; lists: Map<string, number[]> } | undefined;

  readonly #file: string;
  readonly #notices: NoticeBook;
  readonly #lists = new Map<string, number[]>();
  #expecting: Expecting = 'top';
  #isArray = false;
  #line = 1;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #isScalar = false;
  #isTooDeep = false;
  /** Where the element at hand begins, and its text of earlier blocks. */
  #startLine = 0;
  #parts: string[] = [];
  #chars = 0;
  /** In an object at the top: the last string at depth 1 (a key, when a list follows), and where strings begin. */
  #key = '';
  #keyParts: string | undefined;
  #atElement = false;

  constructor(file: string, notices: NoticeBook) {
    this.#file = file;
    this.#notices = notices;
  }

  /** Elements that this block completes. */
  scan(block: string): JsonElement[] {
    const elements: JsonElement[] = [];
    let start = this.#isInside ? 0 : -1;
    for (let i = 0; i < block.length; i++) {
      const char = block[i]!;
      if (char === '\n') this.#line += 1;
      if (!this.#isInside) {
        if (isSpace(char)) continue;
        if (this.#begins(char)) start = i;
      } else if (this.#isScalar && (char === ',' || char === ']' || isSpace(char))) {
        elements.push(...this.#finish(block.slice(start, i)));
        if (!isSpace(char)) this.#begins(char);
      } else if (this.#ends(char)) elements.push(...this.#finish(block.slice(start, i + 1)));
    }
    if (this.#isInside && !this.#isTooDeep) this.#keep(block.slice(start));
    return elements;
  }

  /** Call after the last block: says what a document that stops early lacks. */
  end(): void {
    if (this.#isInside) {
      if (!this.#isArray) throw cannotRead(this.#file, 'the file ends inside an object', 'valid JSON', this.#startLine);
      this.#notices.skip(
        this.#file,
        this.#startLine,
        this.#isTooDeep ? TOO_DEEP : 'cut off: the file ends inside this row',
      );
    } else if (this.#isArray && this.#expecting !== 'end')
      this.#notices.warn(this.#file, this.#line, 'the file ends without the closing bracket "]"');
  }

  get #isInside(): boolean {
    return this.#startLine > 0;
  }

  /** A character between elements; true when an element begins with it. */
  #begins(char: string): boolean {
    if (this.#expecting === 'top' && char === '[') {
      this.#isArray = true;
      this.#expecting = 'first';
      return false;
    }
    if (this.#isArray && char === ']' && this.#expecting !== 'end') {
      if (this.#expecting === 'value') throw this.#complain('found a comma before the closing bracket');
      this.#expecting = 'end';
      return false;
    }
    if (char === ',' && this.#expecting === 'comma' && this.#isArray) {
      this.#expecting = 'value';
      return false;
    }
    if (this.#expecting === 'end' || (this.#expecting === 'comma' && !this.#isArray))
      throw this.#complain('found several JSON values one after another', 'one array, or one object per line (JSONL)');
    if (this.#expecting === 'comma' || char === ',')
      throw this.#complain(
        `found ${JSON.stringify(char)} ${char === ',' ? 'without a value' : 'without a comma'} before it`,
      );
    if (this.#expecting === 'top' && char !== '{')
      throw this.#complain(`found ${JSON.stringify(char)}`, 'JSON that begins with "[" or "{"');
    this.#startLine = this.#line;
    this.#depth = char === '{' || char === '[' ? 1 : 0;
    this.#inString = char === '"';
    this.#isScalar = this.#depth === 0 && !this.#inString;
    this.#atElement = false;
    return true;
  }

  /** A character inside an element; true when the element ends with it. */
  #ends(char: string): boolean {
    if (this.#inString) return this.#readString(char);
    // Elements of a list in an object at the top: note where each begins.
    if (this.#atElement && !isSpace(char) && char !== ']') {
      this.#lists.get(this.#key)!.push(this.#line);
      this.#atElement = false;
    }
    if (char === '"') {
      this.#inString = true;
      if (!this.#isArray && this.#depth === 1) this.#keyParts = '';
    } else if (char === '{' || char === '[') {
      this.#depth += 1;
      if (this.#depth > MAX_NESTING && !this.#isTooDeep) this.#goTooDeep();
      if (!this.#isArray && this.#depth === 2 && char === '[') {
        this.#lists.set(this.#key, []);
        this.#atElement = true;
      }
    } else if (char === '}' || char === ']') {
      this.#depth -= 1;
      this.#atElement = false;
      return this.#depth === 0;
    } else if (char === ',' && !this.#isArray && this.#depth === 2) this.#atElement = this.#lists.has(this.#key);
    return false;
  }

  #readString(char: string): boolean {
    if (this.#escaped) this.#escaped = false;
    else if (char === '\\') this.#escaped = true;
    else if (char === '"') {
      this.#inString = false;
      if (this.#keyParts !== undefined) this.#key = this.#keyParts;
      this.#keyParts = undefined;
      return this.#depth === 0;
    }
    if (this.#keyParts !== undefined) this.#keyParts += char;
    return false;
  }

  #goTooDeep(): void {
    if (!this.#isArray) throw cannotRead(this.#file, TOO_DEEP, `at most ${MAX_NESTING} levels`, this.#startLine);
    this.#isTooDeep = true;
    this.#parts = [];
  }

  #keep(part: string): void {
    this.#parts.push(part);
    this.#chars += part.length;
    if (this.#chars > MAX_WRAPPER_CHARS)
      throw this.#complain(
        `found one value of more than ${MAX_WRAPPER_CHARS} characters`,
        'one array of rows, or one object per line (JSONL)',
      );
  }

  #finish(lastPart: string): JsonElement[] {
    const line = this.#startLine;
    const text = [...this.#parts, lastPart].join('');
    const isTooDeep = this.#isTooDeep;
    this.#startLine = 0;
    this.#parts = [];
    this.#chars = 0;
    this.#isTooDeep = false;
    this.#isScalar = false;
    this.#expecting = 'comma';
    if (isTooDeep) this.#notices.skip(this.#file, line, TOO_DEEP);
    else if (this.#isArray) return [{ line, text }];
    else this.wrapper = { text, line, lists: this.#lists };
    return [];
  }

  #complain(found: string, need = 'valid JSON'): Error {
    return cannotRead(this.#file, found, need, this.#line);
  }
}

const TOO_DEEP = `nested more than ${MAX_NESTING} levels deep`;

function isSpace(char: string): boolean {
  return char === ' ' || char === '\n' || char === '\t' || char === '\r';
}
