import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InputError } from '@m2l/engine'
import spawn, { SubprocessError } from 'nano-spawn'
import { z } from 'zod'

const script = fileURLToPath(new URL('../../oracle/make_pictures.py', import.meta.url))

const size = z.tuple([z.number(), z.number()])

const listSchema = z.object({
  versions: z.record(z.string(), z.string()),
  leftOut: z.record(z.string(), z.number()),
  pictures: z.array(
    z.object({
      file: z.string(),
      group: z.string(),
      pillow: size.nullable(),
      rule: size.optional(),
      why: z.string().optional(),
      within: z.number().optional(),
      refused: z.boolean().optional(),
    }),
  ),
})

/** Pictures that were made, and what made them. */
export type PictureList = z.infer<typeof listSchema>

/** A picture, and what is expected of it. */
export type ListedPicture = PictureList['pictures'][number]

/**
 * Has Python make pictures of every kind.
 *
 * @param python the interpreter
 * @param folder where they go, beside what Pillow reads from each
 * @throws {InputError} when it does not start, lacks a package, or fails
 */
export async function makePictures(python: string, folder: string): Promise<PictureList> {
  const packages = 'install pillow, numpy and tifffile there, or name another interpreter with --python'
  await run(python, ['-c', 'import PIL, numpy, tifffile'], packages)
  await run(python, ['-B', script, folder], 'look at tools/oracle')
  return listSchema.parse(JSON.parse(await readFile(join(folder, 'pictures.json'), 'utf8')))
}

async function run(python: string, args: readonly string[], advice: string): Promise<void> {
  try {
    await spawn(python, [...args])
  } catch (error) {
    if (!(error instanceof SubprocessError)) throw error
    const said =
      error.stderr.trim().split('\n').at(-1) || ((error.cause as Error | undefined)?.message ?? error.message)
    throw new InputError(`${python} cannot make pictures (${said}); ${advice}`, { cause: error })
  }
}
