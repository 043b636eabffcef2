import { vi } from 'vitest'

/** What a command wrote, and its exit code. */
export interface CapturedOutput {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command within this process, only one at a time, and keeps what it writes. */
export async function capturedOutput(command: () => Promise<number>): Promise<CapturedOutput> {
  const text = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((part) => {
      text[stream] += String(part)
      return true
    }),
  )
  try {
    return { exitCode: await command(), ...text }
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}
