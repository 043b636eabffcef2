import { spawnSync } from 'node:child_process'

const python = process.env.M2L_PYTHON ?? 'python3'

/** Whether there is a Python with PyTorch: `M2L_PYTHON`, or else `python3`. */
export const hasTorch = spawnSync(python, ['-c', 'import torch']).status === 0

/** Runs a program with PyTorch, which prints one JSON value. */
export function runPython(program: string, ...args: string[]): unknown {
  const { status, stdout, stderr } = spawnSync(python, ['-c', program, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}
