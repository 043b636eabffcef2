/**
 * Words that do not make two emoji near-twins: a red apple is no red car, and a paper lantern is not a
 * newspaper. Every other word does.
 */
const passedOver = new Set(
  [
    'at and behind for from in into no not of off on over past to a by',
    'black blue green hollow orange purple red white yellow',
    'big double eight fast five four high hundred large light low medium nine one seven six small ten three twelve two',
    'back down downwards facing front left oncoming open closed pointing raised right showing tilted up upwards',
    'bar beverage building card crystal desktop dollar fish flag game heavy hot ice japanese key mountain music',
    'musical new old paper playing police pot railway rice rolled spiral tear tipping traffic video water wind',
  ].flatMap((line) => line.split(' ')),
)

/** Words whose emoji look alike or are variants of one another, though their names share none. */
const families = [
  'oclock thirty clock',
  'arrow button information input play',
  'asterisk circle diamond divide mark minus multiply plus sparkle square star suit',
  'aquarius aries cancer capricorn gemini leo libra ophiuchus pisces sagittarius scorpio taurus virgo',
  'baby boy girl man mens person princess woman womens',
  'finger fist hand index salute thumb',
  'envelope letter mailbox',
  'locked unlocked',
  'balloon bubble',
  'cityscape dusk night sunrise sunset',
  'leopard tiger',
  'ewe goat ram',
  'cloud dashing fog tornado',
  'automobile bus car minibus taxi trolleybus',
  'copyright registered trade',
  'disk dvd',
  'firework sparkler',
  'bathtub bath shower',
  'book ledger notebook',
].map((line) => line.split(' ').map(singular))

/** What an emoji is kin by: its words before `with` or `without`, in the singular, less those passed over. */
function kinships(name: string): string[] {
  if (name === 'e-mail') return ['envelope']
  const words = name.split('-')
  const end = words.findIndex((word, index) => index > 0 && (word === 'with' || word === 'without'))
  return words
    .slice(0, end < 0 ? words.length : end)
    .filter((word) => !passedOver.has(word))
    .map(singular)
    .map((word) => families.find((family) => family.includes(word))?.[0] ?? word)
}

function singular(word: string): string {
  return word.length > 3 ? word.replace(/s$/, '') : word
}

/**
 * Divides names into groups of near-twins: emoji that share a word, or whose words are of one family, and all
 * that hang together so. Groups are in the order of their first names, the names of a group in the order
 * given.
 */
export function nearTwinGroups(names: readonly string[]): string[][] {
  const links = new Map<string, string>()
  const root = (node: string): string => {
    const next = links.get(node)
    return next === undefined ? node : root(next)
  }
  for (const name of names) {
    for (const kinship of kinships(name)) {
      const [from, to] = [root(`word ${kinship}`), root(`name ${name}`)]
      if (from !== to) links.set(from, to)
    }
  }
  const groups = new Map<string, string[]>()
  for (const name of names) {
    const group = root(`name ${name}`)
    groups.set(group, [...(groups.get(group) ?? []), name])
  }
  return [...groups.values()]
}
