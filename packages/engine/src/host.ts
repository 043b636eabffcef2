/** Variables of the environment that change how the engine runs; none outside of Node.js. */
export const environment: Readonly<Record<string, string | undefined>> = {}

/** Whether a native engine may be imported here. */
export const hasNativeEngines: boolean = false

/** Tells the person who started the program something, in one line. */
export function tell(line: string): void {
  console.warn(line)
}

/** Warns those who wrote the program. */
export function emitWarning(text: string): void {
  console.warn(text)
}

/** The memory of the process, where that is known. */
export function processMemory(): { readonly residentBytes: number; readonly peakBytes: number } | undefined {
  return undefined
}
