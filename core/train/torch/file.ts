import type { TorchTensor } from './tensor.ts';

/** The tensors of one dictionary, by their names in it. */
export interface TorchState {
  /** Its keys from the outside in, joined by dots; '' for the file itself. */
  readonly place: string;
  readonly tensors: ReadonlyMap<string, TorchTensor>;
}

/** A file with tensors, read without running anything in it. */
export interface TorchFile {
  /** Every dictionary that holds tensors. */
  readonly states: readonly TorchState[];
  /** The bytes of a storage. @throws LabError `torch.damaged` */
  storage(key: string): Promise<Uint8Array>;
  close(): Promise<void>;
}
