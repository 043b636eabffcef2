/** Two calls before the clock runs: the first records a graph, the second lets TensorFlow optimise it. */
export const warmUp = 2

/** The seconds of each of some calls, after a warm-up. */
export function timed(step: () => void, repeats: number): number[] {
  for (let call = 0; call < warmUp; call++) step()
  return Array.from({ length: repeats }, () => {
    const start = performance.now()
    step()
    return (performance.now() - start) / 1000
  })
}
