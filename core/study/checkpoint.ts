/** `resume`: everything needed to go on exactly. `final`: the weights of a run that completed. */
export type CheckpointPurpose = 'resume' | 'final';

/** A saved state of a run; its bytes are safetensors and come and go in chunks, never as a path. */
export interface Checkpoint {
  id: number;
  /** null for imported weights. */
  run: number | null;
  /** Epochs done. */
  epoch: number;
  purpose: CheckpointPurpose;
  bytes: number;
  /** SHA-256 of the bytes, hexadecimal. */
  sha256: string;
  createdAt: number;
}
