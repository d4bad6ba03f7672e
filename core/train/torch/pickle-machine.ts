import { LabError } from '../../base/errors.ts';

/** A global of the pickle that its reader accepts; it is never called. */
export interface PickleGlobal {
  readonly global: string;
}

/** A dict or OrderedDict; keys stay as they are and never become properties. */
export class PickleDict {
  readonly entries = new Map<unknown, unknown>();

  /** @param items key, value, key, value, ... */
  set(items: readonly unknown[]): this {
    for (let i = 0; i + 1 < items.length; i += 2) this.entries.set(items[i], items[i + 1]);
    return this;
  }
}

/** A list, tuple or set. */
export class PickleList {
  readonly items: unknown[];

  constructor(items: unknown[] = []) {
    this.items = items;
  }
}

/** Decides what a pickle may hold beside plain containers. */
export interface PickleRules {
  /** Accepts a global by `module.name`. @throws LabError for any other */
  global(name: string): PickleGlobal;
  /** The value that an accepted global with arguments stands for. */
  build(callable: PickleGlobal, args: readonly unknown[]): unknown;
  /** The value of a persistent id. */
  persistent(id: unknown): unknown;
}

/** Stands on the stack where a sequence of items begins. */
export const MARK = Symbol('mark');

/** Bytes of a whole number; PyTorch counts in 8. */
const MAX_INTEGER = 64;

/** The stack and memo of a pickle; pickle.ts has its instructions. */
export class PickleMachine {
  readonly #bytes: Buffer;
  readonly #rules: PickleRules;
  readonly #source: string;
  readonly #memo = new Map<number, unknown>();
  readonly #stack: unknown[] = [];
  #at = 0;

  constructor(bytes: Uint8Array, rules: PickleRules, source: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#rules = rules;
    this.#source = source;
  }

  /** The next instruction, one character. */
  code(): string {
    return String.fromCharCode(this.#take(1)[0]!);
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pushInteger(value: bigint): void {
    const small = Number(value);
    this.push(Number.isSafeInteger(small) ? small : value);
  }

  pop(): unknown {
    return this.popItems(1)[0];
  }

  /** The items above the last mark, which are taken away with it. */
  popToMark(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw this.broken('a sequence has no beginning');
    const items = this.#stack.splice(mark);
    items.shift();
    return items;
  }

  popItems(count: number): unknown[] {
    if (this.#stack.length < count) throw this.broken('the stack is empty');
    const items = this.#stack.splice(this.#stack.length - count);
    if (items.includes(MARK)) throw this.broken('a sequence has no end');
    return items;
  }

  top(): unknown {
    if (this.#stack.length === 0) throw this.broken('the stack is empty');
    return this.#stack.at(-1);
  }

  unsigned(bytes: 1 | 2 | 4): number {
    return this.#take(bytes).readUIntLE(0, bytes);
  }

  signed(bytes: 4): number {
    return this.#take(bytes).readIntLE(0, bytes);
  }

  /** A length of 8 bytes; never more than the pickle has. */
  longLength(): number {
    const length = Number(this.#take(8).readBigUInt64LE());
    return Math.min(length, Number.MAX_SAFE_INTEGER);
  }

  float(): number {
    return this.#take(8).readDoubleBE();
  }

  text(length: number): string {
    return this.#take(length).toString('utf8');
  }

  data(length: number): Uint8Array {
    return this.#take(length);
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw this.broken('it is cut off');
    return this.#take(end + 1 - this.#at)
      .toString('utf8')
      .slice(0, -1);
  }

  /** A little-endian integer in two's complement. */
  integer(length: number): bigint {
    if (length > MAX_INTEGER) throw this.broken(`it has a whole number of ${length} bytes`);
    const bytes = this.#take(length);
    let value = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    return bytes.length === 0 ? 0n : BigInt.asIntN(8 * bytes.length, value);
  }

  memorise(index: number): void {
    this.#memo.set(index, this.top());
  }

  memoriseNext(): void {
    this.memorise(this.#memo.size);
  }

  recall(index: number): void {
    if (!this.#memo.has(index)) throw this.broken(`it refers to a value ${index} that it lacks`);
    this.push(this.#memo.get(index));
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (!(list instanceof PickleList)) throw this.broken('it appends to a value that is no list');
    for (const item of items) list.items.push(item);
  }

  setItems(items: readonly unknown[]): void {
    const dict = this.top();
    if (!(dict instanceof PickleDict)) throw this.broken('it sets items of no dictionary');
    dict.set(items);
  }

  global(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string')
      throw this.broken('a global has no name');
    this.push(this.#rules.global(`${module}.${name}`));
  }

  persistent(): void {
    this.push(this.#rules.persistent(this.pop()));
  }

  reduce(): void {
    const [callable, args] = this.popItems(2);
    if (!isGlobal(callable) || !(args instanceof PickleList))
      throw this.broken('it calls a value that is no function');
    this.push(this.#rules.build(callable, args.items));
  }

  /** The state of an OrderedDict holds notes of PyTorch, which are not needed. */
  build(): void {
    this.pop();
    if (!(this.top() instanceof PickleDict)) throw this.refused('b');
  }

  #take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw this.broken('it is cut off');
    return this.#bytes.subarray(this.#at, (this.#at += length));
  }

  /** The refusal of an instruction that can only make objects. */
  refused(code: string): LabError {
    const top = this.#stack.find((value) => isGlobal(value));
    const name = top === undefined ? `the pickle instruction ${JSON.stringify(code)}` : top.global;
    return new LabError('torch.foreign-object', { source: this.#source, name });
  }

  /** The refusal of a pickle that no program has written. */
  broken(why: string): LabError {
    return new LabError('torch.damaged', { source: this.#source, why: `in its pickle, ${why}` });
  }
}

const isGlobal = (value: unknown): value is PickleGlobal =>
  typeof value === 'object' && value !== null && 'global' in value;
