import { tf } from '@m2l/engine'
import {
  defaultCosinesMib,
  defineLevel,
  explainImageToClass,
  imageToClassLeaveOneOut,
  imageToClassScores,
  requireField,
  requireFieldOfOne,
  type MetricLevel,
} from '@m2l/metric'
import { z } from 'zod'
import { descriptors } from './descriptors.js'

/** Options of the pixel level. */
export interface PixelLevelOptions {
  /** How many nearest support positions of a class are averaged for each query position; 1 if not given. */
  readonly neighbours?: number
  /**
   * The most memory that cosines take at a time, in MiB, see `ImageToClassOptions` of `@m2l/metric`; 32 if
   * not given.
   */
  readonly memoryMib?: number
}

/**
 * The pixel level: every position of a feature map is a local descriptor, and a query is compared with a
 * class by the image-to-class measure (Li et al., "Revisiting Local Descriptor based Image-to-Class Measure
 * for Few-shot Learning", CVPR 2019, section 3.3). Alone it is DN4.
 */
export function pixelLevel(options: PixelLevelOptions = {}): MetricLevel {
  return {
    name: 'pixel',
    needs: ['map'],
    state: {},
    scores: (support, query) =>
      tf.tidy(() =>
        imageToClassScores(
          descriptors(requireField(query, 'map', 'pixel')),
          descriptors(requireField(support, 'map', 'pixel')),
          support.shots,
          { ...options, drawnShots: support.drawnShots },
        ),
      ),
    leaveOneOut: (support, query, left) =>
      tf.tidy(() =>
        imageToClassLeaveOneOut(
          descriptors(requireField(query, 'map', 'pixel')),
          descriptors(requireField(support, 'map', 'pixel')),
          support.shots,
          left,
          options,
        ),
      ),
    explain: (support, query) =>
      explainImageToClass('map', () => ({
        query: descriptors(requireFieldOfOne(query, 'map', 'pixel')),
        support: descriptors(requireField(support, 'map', 'pixel')),
        shots: support.shots,
        drawnShots: support.drawnShots,
        ...options,
      })),
  }
}

/** The pixel level under its name in recipes. */
export const pixelDefinition = defineLevel({
  name: 'pixel',
  options: z.object({
    neighbours: z.int().min(1).default(1),
    memory_mib: z.number().gt(0).default(defaultCosinesMib),
  }),
  create: ({ neighbours, memory_mib: memoryMib }) => pixelLevel({ neighbours, memoryMib }),
})
