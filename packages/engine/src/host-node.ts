import type * as portable from './host.js'

/** {@inheritDoc portable.environment} */
export const environment: typeof portable.environment = process.env

/** {@inheritDoc portable.hasNativeEngines} */
export const hasNativeEngines: typeof portable.hasNativeEngines = true

/** {@inheritDoc portable.tell} On standard error. */
export const tell: typeof portable.tell = (line) => {
  process.stderr.write(`${line}\n`)
}

/** {@inheritDoc portable.emitWarning} As a warning of the process. */
export const emitWarning: typeof portable.emitWarning = (text) => {
  process.emitWarning(text, 'M2LWarning')
}

/** {@inheritDoc portable.processMemory} */
export const processMemory: typeof portable.processMemory = () => ({
  residentBytes: process.memoryUsage.rss(),
  peakBytes: 1024 * process.resourceUsage().maxRSS,
})
