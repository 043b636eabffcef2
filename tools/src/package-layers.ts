const belowModel = [
  'engine',
  'pickle',
  'report',
  'nn',
  'pictures',
  'weights',
  'datasets',
  'dataset-emoji',
  'samplers',
  'backbones',
  'metric',
  'metric-pixel',
  'metric-part',
  'metric-global',
  'metric-head',
  'onnx',
  'trainer',
  'explain',
]

/**
 * The packages of the project and, for each, the packages below it: those it may import and depend on.
 * `.oxlintrc.json` states the same for the linter; `import-rules.test.ts` holds the two together.
 */
export const layers: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  pickle: [],
  report: [],
  nn: ['engine', 'pickle'],
  pictures: ['engine', 'nn'],
  weights: ['engine', 'nn'],
  datasets: ['engine', 'pickle', 'pictures'],
  'dataset-emoji': ['engine', 'pictures', 'datasets'],
  samplers: ['engine'],
  backbones: ['engine', 'nn'],
  metric: ['engine', 'nn'],
  'metric-pixel': ['engine', 'nn', 'metric'],
  'metric-part': ['engine', 'nn', 'metric'],
  'metric-global': ['engine', 'nn', 'metric'],
  'metric-head': ['engine', 'nn', 'metric', 'metric-global'],
  onnx: ['engine', 'nn', 'pictures', 'datasets'],
  trainer: ['engine', 'nn', 'pictures', 'datasets', 'samplers', 'metric'],
  explain: ['engine', 'nn', 'pictures', 'metric', 'trainer'],
  m2l: belowModel,
  cli: [...belowModel, 'm2l'],
}

/** The entries of packages beside their indexes and, for each, the packages that may import it. */
export const entries: Readonly<Record<string, readonly string[]>> = {
  '@m2l/nn/files': ['trainer', 'm2l', 'cli'],
  '@m2l/pictures/pixels': ['datasets'],
}
