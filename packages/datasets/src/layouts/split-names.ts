/** The names of a source's own splits. */
export const ownSplits: readonly string[] = ['train', 'val', 'test']

/** What people call them. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ...['train', 'training', 'trn'].map((name) => [name, 'train'] as const),
  ...['val', 'valid', 'validation', 'validate', 'dev', 'development'].map((name) => [name, 'val'] as const),
  ...['test', 'testing', 'tst'].map((name) => [name, 'test'] as const),
])

/** Words that say nothing of the split beside its name, as in `train_set` and `test-images`. */
const fillers = new Set(
  'set sets split splits data dataset image images img imgs picture pictures photo photos file files folder folders label labels list annotation annotations'.split(
    ' ',
  ),
)

/**
 * The split that a folder, a table or a value is named for, in any case: `val` for `Validation`, `valid_set`
 * and `dev`.
 */
export function splitOf(name: string): string | undefined {
  return splitOfWords(wordsOf(name))
}

/**
 * The splits that folders beside each other are named for: also by a word that only one of them has, as in
 * `flowers_train` and `flowers_val`, and as `base` and `novel`.
 */
export function splitsOf(names: readonly string[]): Map<string, string> {
  const words = names.map(wordsOf)
  const shared = new Set(
    (words[0] ?? []).filter(
      (word) => words.length > 1 && !synonyms.has(word) && words.every((of) => of.includes(word)),
    ),
  )
  const isNovel = ['base', 'novel'].every((word) => words.some((of) => of.includes(word)))
  const splits = new Map<string, string>()
  for (const [index, name] of names.entries()) {
    const own = words[index]!.filter((word) => !shared.has(word))
    const split = splitOfWords(own) ?? (isNovel ? novelNames.get(own.join()) : undefined)
    if (split !== undefined) splits.set(name, split)
  }
  return splits
}

const novelNames = new Map([
  ['base', 'train'],
  ['novel', 'test'],
])

/**
 * Without a number that the name begins with, as `01_train`, and a year that it ends with, as `train2017`.
 */
function wordsOf(name: string): string[] {
  return name
    .toLowerCase()
    .replace(/^\d{1,2}[\s_.-]+|(?:19|20)\d\d$/g, '')
    .split(/[\s_.-]+/)
}

function splitOfWords(words: readonly string[]): string | undefined {
  const telling = words.filter((word) => word !== '' && !fillers.has(word))
  const [word = ''] = telling
  return telling.length === 1 ? (synonyms.get(word) ?? synonyms.get(word.replace(/set$/, ''))) : undefined
}

/** Whether a folder's name only says that pictures or data are in it. */
export function isFiller(name: string): boolean {
  return fillers.has(name.toLowerCase())
}
