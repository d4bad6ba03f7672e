import type { LabProblem } from '../base/problem.ts';

/** A device: the processor, or one card. Faces and the runner share this record. */
export interface Device {
  /** Stable name: `cpu`, `gpu:0`. */
  name: string;
  /** For people: `NVIDIA H100`, or the processor's model name. */
  title: string;
  kind: 'cpu' | 'gpu';
  /** Bytes of its memory, null when unknown. */
  memory: number | null;
  slots: number;
  maximumSlots: number;
  /** False after the device disappeared; its jobs failed as `lost`. */
  present: boolean;
  /** For people: the reason for its number of slots, or for computing nothing. */
  note?: string;
  /** Why the engine cannot use it, where that is the reason; `note` says it for the command line. */
  obstacle?: LabProblem;
  /** Permanent name (UUID) of a card; its number may change. */
  uuid?: string;
}
