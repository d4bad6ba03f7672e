import type { LabProblem } from '../base/problem.ts';
/** Where runs compute: the processor, or one card. Faces and the runner share this record. */
export interface Device {
  /** Stable word: `cpu`, `gpu:0`. */
  name: string;
  /** For people: `NVIDIA H100`, the processor's model name. */
  title: string;
  kind: 'cpu' | 'gpu';
  /** Bytes of its memory, null when unknown. */
  memory: number | null;
  slots: number;
  maximumSlots: number;
  /** False when it has disappeared: its jobs failed as `lost`. */
  present: boolean;
  /** For people: why it has so many slots, or why it computes nothing. */
  note?: string;
  /** Why the engine cannot use it, where that is the reason; `note` says it for the command line. */
  obstacle?: LabProblem;
  /** A card's name that never changes (UUID), where its number may. */
  uuid?: string;
}
