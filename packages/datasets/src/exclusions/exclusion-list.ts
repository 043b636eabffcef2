import { decodeText, InputError } from '@m2l/engine'
import { readRegularFile, writeFileAtomically } from '@m2l/engine-native'
import { YAMLException } from 'js-yaml'
import { z } from 'zod'
import type { DatasetCheck, Exclusion } from '../check/dataset-check.js'
import { loadYaml } from '../load-yaml.js'
import { unreadable } from '../sources/byte-source.js'

/** Which pictures to leave out, and what to call the list in a message. */
export interface ExclusionList {
  readonly source: string
  readonly ids: ReadonlySet<string>
}

const schema = z.strictObject(
  {
    exclude: z.array(
      z.string({ error: ({ input }) => `is ${JSON.stringify(input)}, not a name; write names in quotes` }),
      { error: 'must be a list of names of pictures' },
    ),
  },
  {
    error: ({ code }) => (code === 'invalid_type' ? 'must be a list of names under "exclude"' : undefined),
  },
)

/**
 * Reads a list of pictures to leave out: a YAML file with their ids under `exclude`.
 *
 * @throws InputError naming the file when it cannot be read or is no such list
 */
async function readExclusionList(file: string): Promise<ExclusionList> {
  const bytes = await readRegularFile(file).catch((error: unknown) => {
    throw unreadable(file, error)
  })
  const parsed = schema.safeParse(parse(file, decodeText(bytes, file)))
  if (parsed.success) return exclusionList(parsed.data.exclude, file)
  const issue = parsed.error.issues[0]!
  const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : String(key))).join('')
  const what =
    issue.code === 'unrecognized_keys' ? `${issue.keys[0]} is not a key; use exclude` : issue.message
  throw new InputError(`${file}: ${path === '' ? '' : `${path} `}${what}`)
}

/** What an option `exclude` names: a file, or the ids themselves. */
export async function exclusionsOf(
  exclude: string | readonly string[] | undefined,
): Promise<ExclusionList | undefined> {
  if (exclude === undefined) return undefined
  return typeof exclude === 'string' ? readExclusionList(exclude) : exclusionList(exclude, 'exclude')
}

function exclusionList(ids: readonly string[], source: string): ExclusionList {
  return { source, ids: new Set(ids.map((id) => id.normalize('NFC'))) }
}

/**
 * Writes what a check proposes to leave out as a file that {@link openDataset} and recipes (`data.exclude`)
 * take; what it merely suggests follows as a comment. No picture is touched.
 *
 * @throws the system's error when the file cannot be written; nothing is left then
 */
export async function writeExclusionList(
  file: string,
  { dataset, images, exclusions, suggestions }: DatasetCheck,
): Promise<void> {
  const lines = [
    `# Pictures of ${oneLine(dataset)} to leave out: ${exclusions.length} of ${images}. They are named, not deleted.`,
    '# For openDataset({ exclude }), and data.exclude of recipes. Names are paths below the data set’s own folder.',
    exclusions.length === 0 ? 'exclude: []' : 'exclude:',
    ...exclusions.map(item),
    ...(suggestions.length === 0
      ? []
      : ['', `  # To look at: ${suggestions.length} more that look like one that stays.`]),
    ...suggestions.map((one) => `  #${item(one)}`),
    '',
  ]
  await writeFileAtomically(file, lines.join('\n'))
}

function item({ id, reason }: Exclusion): string {
  return `  - ${JSON.stringify(id)} # ${oneLine(reason)}`
}

/** Names may hold line breaks, which would end a comment. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
}

function parse(file: string, text: string): unknown {
  try {
    return loadYaml(text)
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    throw new InputError(
      `${file}: is not YAML (${error.reason}${error.mark ? ` in line ${error.mark.line + 1}` : ''}); mend it`,
    )
  }
}
