/** Something with a beginning and an end, in any unit. */
export interface Interval {
  readonly start: number
  readonly end: number
}

/**
 * Divides intervals among as few lanes as first fit needs so that in each lane any two are apart or one holds
 * the other, which is what a row of a trace can show. Of equal intervals the earlier one holds the later.
 */
export function inLanes<Item extends Interval>(items: readonly Item[]): Item[][] {
  const lanes: { readonly items: Item[]; readonly open: number[] }[] = []
  for (const item of [...items].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const fitting = lanes.find(({ open }) => {
      while (open.length > 0 && open.at(-1)! <= item.start) open.pop()
      return open.length === 0 || item.end <= open.at(-1)!
    })
    const lane = fitting ?? { items: [], open: [] }
    if (!fitting) lanes.push(lane)
    lane.items.push(item)
    lane.open.push(item.end)
  }
  return lanes.map((lane) => lane.items)
}

/** What of each interval of a lane lies in none of those that it holds. */
export function ownTimes<Item extends Interval>(lane: readonly Item[]): Map<Item, number> {
  const own = new Map<Item, number>()
  const open: Item[] = []
  for (const item of lane) {
    while (open.length > 0 && open.at(-1)!.end <= item.start) open.pop()
    const holder = open.at(-1)
    if (holder) own.set(holder, own.get(holder)! - (item.end - item.start))
    own.set(item, item.end - item.start)
    open.push(item)
  }
  return own
}
