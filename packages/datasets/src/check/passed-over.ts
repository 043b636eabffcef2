import { isImageFile } from '../image-file.js'
import type { FileTree } from '../sources/file-tree.js'
import { isUnread } from '../unread-pictures.js'
import type { PassedOver } from './dataset-check.js'

/** Files that no picture is read from, by ending; those of pictures first, then the most numerous. */
export function passedOver({ files }: FileTree): PassedOver[] {
  const counts = new Map<string, number>()
  for (const file of files) {
    if (isImageFile(file)) continue
    const dot = file.lastIndexOf('.')
    const extension = dot > file.lastIndexOf('/') ? file.slice(dot).toLowerCase() : ''
    counts.set(extension, (counts.get(extension) ?? 0) + 1)
  }
  return [...counts]
    .map(([extension, count]) => ({ extension, files: count, isPicture: isUnread(extension) }))
    .sort((a, b) => Number(b.isPicture) - Number(a.isPicture) || b.files - a.files)
}
