import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { decodeText, InputError, didYouMean } from '@m2l/engine'
import { readRegularFile } from '@m2l/engine-native'
import { YAMLException } from 'js-yaml'
import { z } from 'zod'
import { loadYaml } from '../load-yaml.js'
import { unreadable } from '../sources/byte-source.js'
import { quoted } from '../layouts/class-names.js'

/** Which classes are learned from, validated on and tested on; no class is in two of them. */
export interface SplitFile {
  /** The name of a shipped split, or the path of the file; what messages call it. */
  readonly source: string
  /** Class names by split, in the file's order. */
  readonly classes: Readonly<Partial<Record<SplitName, readonly string[]>>>
}

/** The splits of few-shot learning. */
export type SplitName = 'train' | 'val' | 'test'

const shipped = fileURLToPath(new URL('../../splits/', import.meta.url))

/** Names of the published splits that come with this package, for example `cifar-fs`. */
export function shippedSplits(): string[] {
  return readdirSync(shipped)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .toSorted()
}

/**
 * Reads a shipped split by its name, or a person's own YAML file by its path: lists of class names under
 * `train`, `val` and `test`, or some of them. Lists under `train_superclasses` and so on are for readers
 * only.
 *
 * @throws InputError when there is no such split or file, or naming file and key when it is malformed or puts
 *   a class into two splits.
 */
export async function readSplitFile(nameOrPath: string): Promise<SplitFile> {
  const names = shippedSplits()
  const isPath = /[\\/]|\.ya?ml$/i.test(nameOrPath)
  if (!isPath && !names.includes(nameOrPath)) {
    throw new InputError(
      `split "${nameOrPath}" does not exist${didYouMean(nameOrPath, names, quoted) || '; name a YAML file or one'} of ${names.join(', ')}`,
    )
  }
  const path = isPath ? nameOrPath : `${shipped}${nameOrPath}.yaml`
  const bytes = await readRegularFile(path).catch((error: unknown) => {
    throw unreadable(path, error)
  })
  return {
    source: nameOrPath,
    classes: checked(nameOrPath, parse(nameOrPath, decodeText(bytes, nameOrPath))),
  }
}

/**
 * A split as a file or a program gives it, held to the same rules.
 *
 * @throws InputError as {@link readSplitFile}
 */
export async function splitOfOption(split: string | SplitFile): Promise<SplitFile> {
  if (typeof split === 'string') return readSplitFile(split)
  return { source: split.source, classes: checked(split.source, split.classes) }
}

const classNames = z
  .array(
    z
      .string({
        error: ({ input }) => `is ${JSON.stringify(input)}, not a class name; write names in quotes`,
      })
      .min(1),
    { error: 'must be a list of class names' },
  )
  .min(1, 'must name at least one class')
  .optional()

const splitSchema = z.strictObject(
  {
    train: classNames,
    val: classNames,
    test: classNames,
    train_superclasses: classNames,
    val_superclasses: classNames,
    test_superclasses: classNames,
  },
  {
    error: (issue) =>
      issue.code === 'invalid_type' ? 'must be lists of class names under train, val, test' : undefined,
  },
)

function parse(source: string, text: string): unknown {
  try {
    return loadYaml(text)
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    throw new InputError(
      `${source}: is not YAML (${error.reason}${error.mark ? ` in line ${error.mark.line + 1}` : ''}); mend it`,
    )
  }
}

function checked(source: string, content: unknown): SplitFile['classes'] {
  const parsed = splitSchema.safeParse(content)
  if (!parsed.success) throw new InputError(`${source}: ${issueLine(parsed.error.issues[0]!)}`)
  const placed = new Map<string, string>()
  const classes: Partial<Record<SplitName, string[]>> = {}
  for (const split of ['train', 'val', 'test'] as const) {
    const names = parsed.data[split]?.map((name) => name.normalize('NFC'))
    if (!names) continue
    for (const name of names) {
      const other = placed.get(name)
      if (other !== undefined) {
        throw new InputError(
          other === split
            ? `${source}: ${split} names class "${name}" twice; remove one`
            : `${source}: class "${name}" is in ${other} and in ${split}; splits must share no class`,
        )
      }
      placed.set(name, split)
    }
    classes[split] = names
  }
  if (placed.size === 0)
    throw new InputError(`${source}: names no classes; list them under train, val and test`)
  return classes
}

function issueLine(issue: z.core.$ZodIssue): string {
  const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : String(key))).join('')
  if (issue.code !== 'unrecognized_keys') return path === '' ? issue.message : `${path} ${issue.message}`
  const key = issue.keys[0]!
  return `${key} is not a split${didYouMean(key, Object.keys(splitSchema.shape), quoted) || '; use train, val and test'}`
}
