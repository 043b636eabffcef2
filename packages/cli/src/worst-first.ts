import type { Reach } from '@m2l/datasets'

/** What does most harm comes first. */
export const reachOrder: readonly Reach[] = ['splits', 'classes', 'class']

/** Groups of copies in that order, otherwise as they come. */
export function worstFirst<Group extends { readonly reach: Reach }>(groups: readonly Group[]): Group[] {
  return [...groups].sort((a, b) => reachOrder.indexOf(a.reach) - reachOrder.indexOf(b.reach))
}
