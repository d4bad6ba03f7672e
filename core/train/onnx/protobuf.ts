/**
 * A message of Protocol Buffers that is being written, field after field. ONNX needs eight small
 * messages; a library brings a compiler or a copy of all numbers as objects for them.
 * Source: protobuf.dev, "Encoding".
 */
export class Message {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** A whole number from 0 (int32, int64, enum). */
  integer(field: number, value: number): this {
    return this.#tag(field, 0).#varint(value);
  }

  /** A 32-bit float. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#tag(field, 5).#add(bytes);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#tag(field, 2).#varint(value.length).#add(value);
  }

  message(field: number, value: Message): this {
    this.#tag(field, 2).#varint(value.#length);
    for (const part of value.#parts) this.#add(part);
    return this;
  }

  messages(field: number, values: readonly Message[]): this {
    for (const value of values) this.message(field, value);
    return this;
  }

  /** The encoded message in parts, so that large fields are not copied. */
  parts(): readonly Uint8Array[] {
    return this.#parts;
  }

  #tag(field: number, wire: number): this {
    return this.#varint(8 * field + wire);
  }

  #varint(value: number): this {
    const bytes: number[] = [];
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
    bytes.push(rest);
    return this.#add(Uint8Array.from(bytes));
  }

  #add(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }
}
