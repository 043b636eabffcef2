import type { PickleValue } from '@m2l/pickle'
import type { TorchStorage } from './torch-tensor.js'

/** What a file of `torch.save` holds: its value, and the storages to which the value's tensors refer. */
export interface TorchContainer {
  readonly container: 'zip' | 'legacy'
  readonly value: PickleValue
  /** With their bytes. */
  readonly storages: readonly TorchStorage[]
}
