const belowModel = [
  'engine',
  'engine-native',
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
  'model',
  'trainer',
  'classifier',
  'explain',
]

/**
 * The packages of the project and, for each, the packages below it: those it may import and depend on.
 * `.oxlintrc.json` states the same for the linter; `import-rules.test.ts` holds the two together.
 */
export const layers: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  'engine-native': ['engine'],
  pickle: [],
  report: [],
  nn: ['engine', 'engine-native', 'pickle'],
  pictures: ['engine', 'nn'],
  weights: ['engine', 'nn'],
  datasets: ['engine', 'engine-native', 'pickle', 'pictures'],
  'dataset-emoji': ['engine', 'engine-native', 'pictures', 'datasets'],
  samplers: ['engine', 'engine-native'],
  backbones: ['engine', 'nn'],
  metric: ['engine', 'nn'],
  'metric-pixel': ['engine', 'nn', 'metric'],
  'metric-part': ['engine', 'nn', 'metric'],
  'metric-global': ['engine', 'nn', 'metric'],
  'metric-head': ['engine', 'nn', 'metric', 'metric-global'],
  onnx: ['engine', 'engine-native', 'nn', 'pictures', 'datasets'],
  model: [
    'engine',
    'nn',
    'pictures',
    'backbones',
    'metric',
    'metric-pixel',
    'metric-part',
    'metric-global',
    'metric-head',
  ],
  trainer: ['engine', 'engine-native', 'nn', 'pictures', 'datasets', 'samplers', 'metric', 'model'],
  explain: ['engine', 'nn', 'pictures', 'metric', 'model'],
  classifier: ['engine', 'nn', 'pictures', 'metric', 'metric-global', 'metric-head', 'weights', 'model'],
  m2l: belowModel,
  cli: [...belowModel, 'm2l'],
}

/** The entries of packages beside their indexes and, for each, the packages that may import it. */
export const entries: Readonly<Record<string, readonly string[]>> = {
  '@m2l/engine/messages': ['engine-native', 'weights'],
  '@m2l/engine/runtime': ['engine-native'],
  '@m2l/engine-native/register': [],
  '@m2l/nn/files': ['trainer', 'm2l', 'cli'],
  '@m2l/pictures/pixels': ['datasets', 'model'],
}

/**
 * The packages that run in browsers, workers and every other runtime, too: no module, global or type of
 * Node.js is in them.
 */
export const portable: readonly string[] = [
  'engine',
  'nn',
  'pictures',
  'weights',
  'backbones',
  'metric',
  'metric-pixel',
  'metric-part',
  'metric-global',
  'metric-head',
  'model',
  'classifier',
]
