import type { CaseKind } from '../parity-case.js'
import { checkpointKind } from './checkpoint.js'
import { efficientNetLiteKind } from './efficientnet-lite.js'
import { encoderKind } from './encoder.js'
import { gridKind } from './grid.js'
import { intervalKind } from './interval.js'
import { levelsKind } from './levels.js'
import { optimiserKind } from './optimiser.js'
import { runKind } from './run.js'
import { transformsKind } from './transforms.js'

/** Every kind of case, under its name in `cases.json`. */
export const caseKinds: Readonly<Record<string, CaseKind>> = {
  encoder: encoderKind,
  'efficientnet-lite': efficientNetLiteKind,
  levels: levelsKind,
  optimiser: optimiserKind,
  interval: intervalKind,
  grid: gridKind,
  run: runKind,
  checkpoint: checkpointKind,
  transforms: transformsKind,
}
