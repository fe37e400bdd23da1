// What torch.save writes beside its numbers: a pickle, which is a program for a small stack machine. In Python it may call
// anything; here it can make plain values, and the few things that a dictionary of tensors is made of, which the caller names.
// Nothing is run, and nothing is made larger than the pickle itself.

/** What the pickle refers to by the number of a persistent object: where a tensor's numbers lie. */
export interface PersistentRef {
  readonly persistent: unknown;
}

/** A class or function by its name in Python. */
export interface GlobalRef {
  readonly global: string;
}

/** What `REDUCE` makes of a global and its arguments; undefined refuses it. */
export type Reduce = (global: string, args: readonly unknown[]) => unknown;

const MARK = Symbol('mark');

/** Runs the pickle. Throws a SyntaxError with the reason alone: which opcode, which class; the caller knows the file. */
export function readPickle(bytes: Uint8Array, reduce: Reduce): unknown {
  return new Machine(bytes, reduce).run();
}

class Machine {
  #at = 0;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #reduce: Reduce;

  constructor(bytes: Uint8Array, reduce: Reduce) {
    this.#bytes = bytes;
    this.#reduce = reduce;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): unknown {
    for (;;) {
      const opcode = this.#byte();
      if (opcode === 0x2e) return this.#pop(); // STOP
      this.#step(opcode);
    }
  }

  #step(opcode: number): void {
    const isKnown = this.#plain(opcode) || this.#collection(opcode) || this.#memory(opcode) || this.#object(opcode);
    if (!isKnown) throw new SyntaxError(`the opcode 0x${opcode.toString(16)} at byte ${this.#at - 1}`);
  }

  /** Constants, numbers and texts, and what is no value at all. False: another kind of opcode. */
  #plain(opcode: number): boolean {
    switch (opcode) {
      case 0x80: // PROTO
        this.#take(1);
        return true;
      case 0x95: // FRAME: how much comes in one piece, which is of no use here
        this.#take(8);
        return true;
      case 0x30: // POP
        this.#pop();
        return true;
      case 0x28: // MARK
        return this.#push(MARK);
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        return this.#push(opcode === 0x88);
      case 0x4a: // BININT
        return this.#push(this.#view.getInt32(this.#take(4), true));
      case 0x4b: // BININT1
        return this.#push(this.#byte());
      case 0x4d: // BININT2
        return this.#push(this.#view.getUint16(this.#take(2), true));
      case 0x8a: // LONG1
        return this.#push(this.#long(this.#byte()));
      case 0x47: // BINFLOAT
        return this.#push(this.#view.getFloat64(this.#take(8), false));
      case 0x58: // BINUNICODE
        return this.#push(this.#text(this.#size()));
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(this.#text(this.#byte()));
      default:
        return false;
    }
  }

  /** Dictionaries, lists and tuples, and what goes into them. */
  #collection(opcode: number): boolean {
    switch (opcode) {
      case 0x7d: // EMPTY_DICT
        return this.#push(new Map());
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        return this.#push([]);
      case 0x85: // TUPLE1, 2, 3
      case 0x86:
      case 0x87: {
        const length = opcode - 0x84;
        this.#need(length);
        return this.#push(this.#stack.splice(-length));
      }
      case 0x74: // TUPLE
        return this.#push(this.#fromMark());
      case 0x61: // APPEND
        return this.#append([this.#pop()]);
      case 0x65: // APPENDS
        return this.#append(this.#fromMark());
      case 0x73: // SETITEM
        return this.#setItems([this.#pop(), this.#pop()].reverse());
      case 0x75: // SETITEMS
        return this.#setItems(this.#fromMark());
      default:
        return false;
    }
  }

  #append(items: readonly unknown[]): true {
    const list = this.#top();
    if (!Array.isArray(list)) throw new SyntaxError('a list that is none');
    for (const item of items) list.push(item);
    return true;
  }

  #setItems(pairs: readonly unknown[]): true {
    const dict = this.#top();
    if (!(dict instanceof Map)) throw new SyntaxError('a dictionary that is none');
    if (pairs.length % 2 !== 0) throw new SyntaxError('a key without a value');
    for (let i = 0; i < pairs.length; i += 2) dict.set(pairs[i], pairs[i + 1]);
    return true;
  }

  /** What is remembered by a number, and taken up again. */
  #memory(opcode: number): boolean {
    switch (opcode) {
      case 0x71: // BINPUT
        return this.#remember(this.#byte());
      case 0x72: // LONG_BINPUT
        return this.#remember(this.#size());
      case 0x94: // MEMOIZE
        return this.#remember(this.#memo.size);
      case 0x68: // BINGET
        return this.#push(this.#remembered(this.#byte()));
      case 0x6a: // LONG_BINGET
        return this.#push(this.#remembered(this.#size()));
      default:
        return false;
    }
  }

  /** Classes, functions and calls by name, and references to what lies beside the pickle. */
  #object(opcode: number): boolean {
    switch (opcode) {
      case 0x63: // GLOBAL
        return this.#push({ global: `${this.#line()}.${this.#line()}` } satisfies GlobalRef);
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = [this.#pop(), this.#pop()].reverse();
        return this.#push({ global: `${String(module)}.${String(name)}` } satisfies GlobalRef);
      }
      case 0x51: // BINPERSID
        return this.#push({ persistent: this.#pop() } satisfies PersistentRef);
      case 0x52: // REDUCE
        return this.#push(this.#call());
      case 0x62: // BUILD: attributes of an object (a state_dict's version numbers); no tensor has any
        this.#pop();
        this.#need(1);
        return true;
      default:
        return false;
    }
  }

  #call(): unknown {
    const args = this.#pop();
    const global = globalName(this.#pop());
    if (global === undefined || !Array.isArray(args)) throw new SyntaxError('a call of nothing that has a name');
    const made = this.#reduce(global, args);
    if (made === undefined) throw new SyntaxError(`a call of ${global}`);
    return made;
  }

  /** Where the next `length` bytes begin. */
  #take(length: number): number {
    const begin = this.#at;
    if (begin + length > this.#bytes.length) throw new SyntaxError(`an end at byte ${this.#bytes.length}`);
    this.#at += length;
    return begin;
  }

  #byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  #size(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  #text(length: number): string {
    const begin = this.#take(length);
    return new TextDecoder().decode(this.#bytes.subarray(begin, begin + length));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw new SyntaxError('a name without an end');
    const text = this.#text(end - this.#at);
    this.#take(1);
    return text;
  }

  /** A whole number of `length` little-endian bytes in two's complement. Larger than a size can be is refused where it is used. */
  #long(length: number): number {
    const begin = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[begin + i]!);
    return Number(length === 0 ? 0n : BigInt.asIntN(8 * length, value));
  }

  #need(count: number): void {
    if (this.#stack.length < count) throw new SyntaxError('fewer values than it takes');
  }

  #push(value: unknown): true {
    this.#stack.push(value);
    return true;
  }

  #pop(): unknown {
    this.#need(1);
    return this.#stack.pop();
  }

  #top(): unknown {
    this.#need(1);
    return this.#stack.at(-1);
  }

  #fromMark(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw new SyntaxError('no mark where one is needed');
    const items = this.#stack.splice(mark + 1);
    this.#stack.pop();
    return items;
  }

  #remember(key: number): true {
    this.#memo.set(key, this.#top());
    return true;
  }

  #remembered(key: number): unknown {
    if (!this.#memo.has(key)) throw new SyntaxError(`nothing remembered as ${key}`);
    return this.#memo.get(key);
  }
}

/** The name of a class or function; undefined for any other value. */
export function globalName(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && 'global' in value && typeof value.global === 'string'
    ? value.global
    : undefined;
}
