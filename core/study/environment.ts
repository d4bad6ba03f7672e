/** Where a number was made: together with plan, graph and seed it says how to make it again. */
export interface Environment {
  /** Version of this program. */
  app: string;
  /** Git revision of this program, with `+` when files were changed; null outside a checkout. */
  revision: string | null;
  /** Runtime, such as `node 24.21.0`. */
  runtime: string;
  /** Engine with version, such as `tensorflow 2.21.0 (captured)`. */
  engine: string;
  /** Operating system and processor, such as `linux x64`. */
  platform: string;
  host: string;
  /** Name of the device, such as `NVIDIA H100` or the processor's model name. */
  device: string;
  /** Identity of the data set's content, `<name>:<24 hex digits>`. */
  data: string;
}
