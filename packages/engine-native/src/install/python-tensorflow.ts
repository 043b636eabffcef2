import { runCommand } from '../fetch/run-command.js'
import type { Variant } from './wheels.js'

/** An installed Python TensorFlow. */
export interface PythonTensorflow {
  /** The folder `site-packages/tensorflow`. */
  readonly folder: string
  readonly version: string
  readonly cuda: boolean
}

/** Asks Python where TensorFlow lies without importing it, which would take seconds. */
const probe = `
import importlib.metadata as metadata, importlib.util as util, json, os
spec = util.find_spec('tensorflow')
found = None
if spec and spec.origin:
    folder = os.path.dirname(os.path.realpath(spec.origin))
    for name in ('tensorflow', 'tensorflow-cpu'):
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        info = os.path.join(folder, 'python', 'platform', 'build_info.py')
        text = open(info).read().replace('"', "'") if os.path.exists(info) else ''
        found = {'folder': folder, 'version': version, 'cuda': "'is_cuda_build': True" in text}
        break
print(json.dumps(found))
`

/** Finds the TensorFlow that a Python has; `undefined` where it has none. */
export async function findPythonTensorflow(
  python: string,
  signal?: AbortSignal,
): Promise<PythonTensorflow | undefined> {
  const { code, stdout } = await runCommand(python, ['-c', probe], { signal })
  if (code !== 0) return undefined
  try {
    return (JSON.parse(stdout) as PythonTensorflow | null) ?? undefined
  } catch {
    return undefined
  }
}

/**
 * Whether an installed TensorFlow can stand in for the pinned wheel: TensorFlow 2.18 to 2.21, and for the GPU
 * one that was built with CUDA. Whether its libraries and headers are there and the binding compiles is seen
 * later.
 */
export function isSuitable({ version, cuda }: PythonTensorflow, variant: Variant): boolean {
  const minor = /^2\.(\d+)\./.exec(version)?.[1]
  return minor !== undefined && Number(minor) >= 18 && Number(minor) <= 21 && (variant === 'cpu' || cuda)
}
