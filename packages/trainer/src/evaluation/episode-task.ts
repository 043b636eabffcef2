import type { Episode } from '@m2l/samplers'

/** How many classes an accuracy tells apart, by how many examples of each: without them it says nothing. */
export interface EpisodeTask {
  readonly ways: number
  /** Of each class; a list where they differ. */
  readonly shots: number | readonly number[]
  /** What guessing gives, in fractions of 1. */
  readonly chance: number
  /** All of it for people: `16-way 1-shot; guessing gives 6.3 %`. */
  readonly text: string
}

/** The task of some classes and examples. */
export function episodeTask(ways: number, shots: number | readonly number[]): EpisodeTask {
  const chance = 1 / ways
  const text = `${ways}-way ${typeof shots === 'number' ? shots : shots.join('/')}-shot; ${describeGuessing(chance)}`
  return { ways, shots, chance, text }
}

/** The task of an episode. */
export function taskOf({ support }: Pick<Episode, 'support'>): EpisodeTask {
  const shots = support.map(({ length }) => length)
  const isSame = shots.every((count) => count === shots[0])
  return episodeTask(shots.length, isSame ? shots[0]! : shots)
}

/** `guessing gives 6.3 %`. */
export function describeGuessing(chance: number): string {
  return `guessing gives ${(100 * chance).toFixed(1)} %`
}
