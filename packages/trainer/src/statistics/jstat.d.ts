/** The functions used of jStat, which has no types of its own. */
declare module 'jstat' {
  const jstat: {
    readonly jStat: {
      readonly studentt: { inv(probability: number, degreesOfFreedom: number): number }
      /** The regularised incomplete beta function. */
      ibeta(x: number, a: number, b: number): number
    }
  }
  export default jstat
}
