import { problem, problemOf } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import type { LabProblem } from '../base/problem.ts';
import { type Delivery, packDataset } from '../data/delivery.ts';
import { archivePart } from './archives.ts';
import { filePart } from './file-part.ts';
import { PART_BYTES } from './messages.ts';

/** Milliseconds until a set that could not be made ready is tried again. */
const AGAIN_AFTER = 60_000;
/** Milliseconds until it is looked whether the files of a set have changed. */
const LOOK_AFTER = 10 * 60_000;

export interface DeliveriesOptions {
  /** The lab's data folder. */
  folder: () => string;
  /** Opens a set and makes it ready; in a thread where it may take long. */
  pack?: ((spec: string, folder: string) => Promise<Delivery>) | undefined;
  /** A set is ready, or could not be made ready. */
  changed: () => void;
}

/** The lab's data sets, as its machines get them. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #found = new Map<string, Delivery | LabProblem | 'coming'>();
  /** By their names: also sets whose files have changed since. */
  readonly #deliveries = new Map<string, Delivery>();
  /** When a set was made ready last. */
  readonly #packedAt = new Map<string, number>();

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /** A set that lies at a path of this machine; the first question begins to make it ready. */
  of(spec: string): Delivery | LabProblem | 'coming' {
    const found = this.#found.get(spec) ?? 'coming';
    const packedAt = this.#packedAt.get(spec) ?? -Infinity;
    if (performance.now() - packedAt > (isDelivery(found) ? LOOK_AFTER : AGAIN_AFTER)) {
      this.#packedAt.set(spec, Infinity); // not again while it is being made ready
      inBackground(this.#pack(spec));
    }
    return found;
  }

  /** A part of a file that belongs to a set. Throws LabError `agents.weights-gone`. */
  async part(sha256: string, offset: number): Promise<Uint8Array> {
    for (const { name, manifest, images } of this.#deliveries.values()) {
      if (images.sha256 === sha256) return filePart(images.path, sha256, offset);
      if (name.includes(sha256)) return manifest.subarray(offset, offset + PART_BYTES);
    }
    return archivePart(this.#options.folder(), sha256, offset);
  }

  async #pack(spec: string): Promise<void> {
    const { folder, pack = packDataset, changed } = this.#options;
    try {
      const delivery = await pack(spec, folder());
      this.#deliveries.set(delivery.name, delivery);
      this.#found.set(spec, delivery);
    } catch (error) {
      const { message: why, next } = problemOf(error);
      this.#found.set(spec, problem('agents.no-pack', { data: spec, why, next }));
    }
    this.#packedAt.set(spec, performance.now());
    changed();
  }
}

export const isDelivery = (found: Delivery | LabProblem | 'coming'): found is Delivery =>
  typeof found === 'object' && 'manifest' in found;
