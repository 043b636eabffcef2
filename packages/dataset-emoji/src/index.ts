export { openEmoji, type EmojiOptions } from './open-emoji.js'
export type { DrawProgress } from './draw-archive.js'
export { nearTwinGroups } from './near-twins.js'
