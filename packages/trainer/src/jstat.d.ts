/** The one function used of jStat, which has no types of its own. */
declare module 'jstat' {
  const jstat: {
    readonly jStat: { readonly studentt: { inv(probability: number, degreesOfFreedom: number): number } }
  }
  export default jstat
}
