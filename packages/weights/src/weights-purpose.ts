const purposes: Readonly<Record<string, string>> = {
  'efficientnet-lite': 'photographs',
  'cifar-fs': 'small photographs',
  fc100: 'small photographs',
  flowers: 'photographs of flowers',
  emoji: 'drawings',
  omniglot: 'handwritten characters',
}

/** What shipped or fetched weights are for, in a word or two; nothing for others. */
export function purposeOf(weights: string): string | undefined {
  return Object.entries(purposes).find(([begin]) => weights.startsWith(begin))?.[1]
}
