import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

const everyMilliseconds = 200

/** Tells the size of all files below a folder, from time to time, while some work goes on. */
export async function watchSize<Result>(
  folder: string,
  onBytes: (bytes: number) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  let isOver = false
  const timer = setInterval(() => {
    void sizeOf(folder).then((bytes) => {
      if (!isOver) onBytes(bytes)
    })
  }, everyMilliseconds)
  try {
    return await work()
  } finally {
    isOver = true
    clearInterval(timer)
  }
}

/** In bytes. Files that vanish meanwhile count for nothing. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      stat(join(parentPath, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
