/**
 * Run before every test file. Tests, and the programs that they start, see the same environment whoever
 * started them: a person at a terminal, Nx (which sets `FORCE_COLOR`), npm or continuous integration. What
 * says where things are (`PATH`, `HOME`, `M2L_CACHE`, the registry) stays; what changes how programs behave
 * goes, and a test that wants it sets it.
 */
const changesBehaviour = [
  /^(CI|FORCE_COLOR|NO_COLOR|COLORTERM|DEBUG|NODE_ENV|NODE_OPTIONS|INIT_CWD)$/,
  /^(NX|TF|OMP)_/,
  /^npm_(?!config_(registry|cafile|.*proxy)$)/,
  /^M2L_(EAGER|ENGINE|OFFLINE|PICTURE_THREADS|PRECISION)$/,
]

for (const name of Object.keys(process.env)) {
  if (changesBehaviour.some((pattern) => pattern.test(name))) delete process.env[name]
}

/** Nothing is fetched because a test classifies pictures; tests of fetching say where from. */
process.env.M2L_OFFLINE = '1'
