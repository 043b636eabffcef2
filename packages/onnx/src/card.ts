import { basename, dirname, extname, join } from 'node:path'
import { decodeText, InputError } from '@m2l/engine'
import { readRegularFile } from '@m2l/engine-native'
import { loadYaml } from '@m2l/datasets'
import type { PictureInput } from '@m2l/nn'
import { YAMLException } from 'js-yaml'
import { z } from 'zod'

const side = z.int().min(1).max(4096)
/** Levels go up to 255; networks that take shares of 1 have their means and deviations times 255. */
const mean = z
  .number()
  .min(0)
  .max(255)
  .refine(
    (level) => level === 0 || level >= 1,
    'expected a level from 0 to 255: multiply a share of 1 by 255',
  )
const deviation = z
  .number()
  .max(1000)
  .refine((level) => level >= 1, 'expected levels, 1 or more: multiply a share of 1 by 255')

const cardSchema = z
  .strictObject({
    /** How pictures become its input. */
    picture: z.strictObject({
      size: side,
      resize: z.union([z.literal('square'), side]).default('square'),
      filter: z.enum(['bilinear', 'bicubic']).default('bilinear'),
      mean: z.tuple([mean, mean, mean]),
      deviation: z.tuple([deviation, deviation, deviation]),
    }),
    input: z
      .strictObject({
        /** Needed only where the network has several, which is refused so far. */
        name: z.string().min(1).optional(),
        /** Where the network's own shape does not say it: `nchw`. */
        layout: z.enum(['nchw', 'nhwc']).optional(),
      })
      .prefault({}),
    output: z
      .strictObject({
        /** An output, or any tensor within the network; may be left out where there is one output. */
        name: z.string().min(1).optional(),
        /**
         * Of maps and tokens; features that are pooled, [n, c], need none. `first-token` is a class token, a
         * pooled feature.
         */
        layout: z.enum(['nchw', 'nhwc', 'tokens', 'first-token']).optional(),
        /** How many tokens at the beginning are no positions, as a class token. */
        skip: z.int().min(0).default(0),
        /** Rows and columns of the positions; a square if not given. */
        grid: z.tuple([side, side]).optional(),
      })
      .prefault({}),
    /** Where the network is from, and under what licence; for people. */
    origin: z.string().optional(),
    licence: z.string().optional(),
  })
  .refine(({ picture: { size, resize } }) => resize === 'square' || resize >= size, {
    path: ['picture', 'resize'],
    message: 'expected the size or more, of which the middle is cut out',
  })
  .refine(({ output: { layout, skip } }) => layout === 'tokens' || skip === 0, {
    path: ['output', 'skip'],
    message: 'expected layout: tokens beside it, since only tokens are skipped',
  })
  .refine(({ output: { layout, grid } }) => layout === 'tokens' || !grid, {
    path: ['output', 'grid'],
    message: 'expected layout: tokens beside it, since only tokens lack a grid',
  })

/** Data that nobody changes. */
type Constant<Data> = Data extends object ? { readonly [Key in keyof Data]: Constant<Data[Key]> } : Data

/** How pictures go into a network and features come out of it. */
export type OnnxCard = Constant<z.output<typeof cardSchema>> & { readonly picture: PictureInput }

/** The same as people write it. */
export type OnnxCardInput = Constant<z.input<typeof cardSchema>>

/**
 * A card: given as an object, or as the path of a YAML file.
 *
 * @throws {InputError} naming the key when it cannot be read or a value is wrong
 */
export async function readOnnxCard(card: OnnxCardInput | string): Promise<OnnxCard> {
  const name = typeof card === 'string' ? card : 'card'
  const value = typeof card === 'string' ? parseYaml(await readText(card), card) : card
  const parsed = cardSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = issue!.path.map(String).join('.')
  throw new InputError(
    `${name}: ${path === '' ? '' : `${path}: `}${issue!.message.replace(/^Invalid input: /, '')}`,
  )
}

/** Where the card of an ONNX file is looked for: beside it, under its name. */
export function cardBeside(file: string): string {
  return join(dirname(file), `${basename(file, extname(file))}.yaml`)
}

async function readText(file: string): Promise<string> {
  try {
    return decodeText(await readRegularFile(file), file)
  } catch (error) {
    if (error instanceof InputError) throw error
    const { code } = error as NodeJS.ErrnoException
    const reason =
      code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code ?? String(error)})`
    throw new InputError(
      `${file}: expected the card of an ONNX network, a YAML file that says how pictures become its input, but ${reason}`,
    )
  }
}

function parseYaml(text: string, file: string): unknown {
  try {
    return loadYaml(text)
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const line = error.mark ? `line ${error.mark.line + 1}: ` : ''
    throw new InputError(`${file}: ${line}expected YAML, but ${error.reason}`)
  }
}
