import * as v from 'valibot';
import { textSchema as text, whole } from './fields.ts';
import { filesLeftOutSchema } from './left-out.ts';

/** Where a number was made: together with plan, graph and seed it says how to make it again. */
export const environmentSchema = v.strictObject({
  /** Version of this program. */
  app: text,
  /** Git revision of this program, with `+` when files were changed; null outside a checkout. */
  revision: v.nullable(text),
  /** Runtime, such as `node 24.21.0`. */
  runtime: text,
  /** Engine with version, such as `tensorflow 2.21.0 (captured)`. */
  engine: text,
  /**
   * Kernels that computed bfloat16 on a processor, such as `KTG Lab (norms, tiles)` or
   * `TensorFlow`; absent in other precisions, on cards, and in older records.
   */
  kernels: v.exactOptional(text),
  /**
   * Threads that computed on a processor. Other bits come from another number of them: TensorFlow
   * sums gradients of filters by threads. Absent on cards, and in older records.
   */
  threads: v.exactOptional(whole(1)),
  /** Operating system and processor, such as `linux x64`. */
  platform: text,
  host: text,
  /** Name of the device, such as `NVIDIA H100` or the processor's model name. */
  device: text,
  /** Identity of the data set's content, `<name>:<24 hex digits>`. */
  data: text,
  /** Files of the set that are no usable image; absent where there is none, and in older records. */
  leftOut: v.exactOptional(filesLeftOutSchema),
});

export type Environment = v.InferOutput<typeof environmentSchema>;
