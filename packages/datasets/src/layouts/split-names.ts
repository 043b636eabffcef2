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

/** The split that a folder, a table or a value is named for, in any case: `val` for `Validation`, `valid_set` and `dev`. */
export function splitOf(name: string): string | undefined {
  const words = name.toLowerCase().split(/[\s_.-]+/)
  const telling = words.filter((word) => word !== '' && !fillers.has(word))
  const [word = ''] = telling
  return telling.length === 1 ? (synonyms.get(word) ?? synonyms.get(word.replace(/set$/, ''))) : undefined
}

/** Whether a folder's name only says that pictures or data are in it. */
export function isFiller(name: string): boolean {
  return fillers.has(name.toLowerCase())
}
