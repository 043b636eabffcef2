import { defineLevel, type MetricLevel } from '@m2l/metric'
import { z } from 'zod'
import { gdaHead, type GdaOptions } from './gda-head.js'
import { linearLevel } from './linear-level.js'
import { logisticHead, type LogisticOptions } from './logistic-head.js'
import { probeHead } from './probe-head.js'
import { ridgeHead, type RidgeOptions } from './ridge-head.js'

/** {@link logisticHead} as a level. */
export function logisticLevel(options: LogisticOptions = {}): MetricLevel {
  return linearLevel(logisticHead(options))
}

/** {@link ridgeHead} as a level. */
export function ridgeLevel(options: RidgeOptions = {}): MetricLevel {
  return linearLevel(ridgeHead(options))
}

/** {@link gdaHead} as a level. */
export function gdaLevel(options: GdaOptions = {}): MetricLevel {
  return linearLevel(gdaHead(options))
}

/** {@link probeHead} as a level. */
export function probeLevel(): MetricLevel {
  return linearLevel(probeHead())
}

/** The logistic level under its name in recipes. */
export const logisticDefinition = defineLevel({
  name: 'logistic',
  options: z.object({ C: z.number().min(1e-3).max(1e3).default(1) }),
  create: (options) => logisticLevel(options),
})

/** The ridge level under its name in recipes. */
export const ridgeDefinition = defineLevel({
  name: 'ridge',
  options: z.object({
    variant: z.enum(['r2d2', 'metaoptnet', 'metaoptnet-r2d2']).default('r2d2'),
    normalise: z.enum(['none', 'l2n']).default('none'),
    lambda: z.number().min(1e-3).max(1e9).optional(),
    scale: z.number().gt(0).optional(),
  }),
  create: ({ lambda, scale, ...options }) =>
    ridgeLevel({
      ...options,
      ...(lambda !== undefined && { lambda }),
      ...(scale !== undefined && { scale }),
    }),
})

/** The Gaussian level under its name in recipes. */
export const gdaDefinition = defineLevel({
  name: 'gda',
  options: z.object({ dimensions: z.enum(['all', 'effective']).default('effective') }),
  create: (options) => gdaLevel(options),
})

/** The probe under its name in recipes. */
export const probeDefinition = defineLevel({
  name: 'probe',
  options: z.object({}),
  create: () => probeLevel(),
})
