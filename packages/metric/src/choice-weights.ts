/**
 * By how much each of some values in descending order counts in their expected maximum over all choices of
 * some of them: C(count - 1 - i, drawn - 1) / C(count, drawn) for the value of position i, which is the
 * probability that it is chosen and none before it is.
 *
 * @param drawn how many are chosen, at least 1; all where there are no more
 * @returns [count], together 1: the mean for 1, the maximum for all
 */
export function expectedMaximumWeights(count: number, drawn: number): number[] {
  const chosen = Math.min(drawn, count)
  let weight = chosen / count
  return Array.from({ length: count }, (_, index) => {
    const current = weight
    weight *= Math.max(0, count - chosen - index) / Math.max(1, count - 1 - index)
    return current
  })
}

/**
 * The probability that a choice of `drawn` of `count` images, a certain one among them, takes its `taken`
 * others out of some and the rest out of `free`: C(free, drawn - 1 - taken) / C(count, drawn), where the ways
 * to take those are left out.
 *
 * @returns for each number of free images below `count`
 */
export function restOfChoice(count: number, drawn: number, taken: number): number[] {
  const chosen = Math.min(drawn, count)
  const logAll = logBinomial(count, chosen)
  return Array.from({ length: count }, (_, free) => Math.exp(logBinomial(free, chosen - 1 - taken) - logAll))
}

function logBinomial(of: number, choose: number): number {
  if (choose < 0 || choose > of) return -Infinity
  let sum = 0
  for (let index = 1; index <= choose; index++) sum += Math.log((of - choose + index) / index)
  return sum
}
