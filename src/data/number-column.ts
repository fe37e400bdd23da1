// A column of whole numbers that grows: four bytes each, outside the heap, copied at once. What 200,000 rows are told by.

const FIRST_LENGTH = 1024;

export class NumberColumn {
  #numbers: Uint32Array<ArrayBuffer>;
  #length: number;

  /** Whole numbers from 0 to 2³² − 1. */
  constructor(numbers: ArrayLike<number> = []) {
    this.#numbers = Uint32Array.from(numbers);
    this.#length = numbers.length;
  }

  get length(): number {
    return this.#length;
  }

  at(index: number): number {
    return this.#numbers[index]!;
  }

  set(index: number, value: number): void {
    this.#numbers[index] = value;
  }

  push(value: number): void {
    if (this.#length === this.#numbers.length) {
      const larger = new Uint32Array(Math.max(FIRST_LENGTH, this.#length * 2));
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.#length++] = value;
  }

  /** Forgets what stands from `length` on. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** A copy of this moment. */
  toArray(): Uint32Array<ArrayBuffer> {
    return this.#numbers.slice(0, this.#length);
  }
}
