/**
 * Tries whether a file could be written, before any work is done for it.
 *
 * @param content what is to be written
 * @param option that named the file
 * @throws {InputError} when it could not
 */
export async function checkWritable(file: string, content: string, option: string): Promise<void> {
  const { requireWritable } = await import('@m2l/engine-native')
  await requireWritable(file, content, `name another with ${option} FILE`)
}
