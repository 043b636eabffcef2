import {
  decodePicture,
  gridParts,
  gridSpans,
  renderViews,
  resizeThenCrop,
  type RgbImage,
  type Size,
  squareResize,
  type View,
} from '@m2l/pictures'
import { InputError } from '@m2l/engine'
import { z } from 'zod'
import { tidied, type Numbers } from '../numbers.js'
import { defineKind } from '../parity-case.js'
import type { ParityFolder } from '../parity-folder.js'
import { levelTolerance } from '../tolerance.js'

const settings = z.strictObject({
  images: z.array(z.string()).min(1),
  outputs: z.array(z.string()).min(1),
  grid_ratio: z.number().min(1),
  mean_abs_level: z.number().min(0),
  max_abs_level: z.number().min(0),
})

/** Views of pictures against what Pillow made of them: `<image>.png` and `<image>.<output>.png`. */
export const transformsKind = defineKind({
  settings,
  async prepare({ images, outputs, ...values }, folder) {
    const named = outputs.map((output) => [output, viewNamed(output, values.grid_ratio)] as const)
    const views: PlannedView[] = []
    for (const image of images) {
      const source = await picture(folder, `${image}.png`)
      for (const [output, viewOf] of named) {
        const name = `${image}.${output}`
        const expected = await picture(folder, `${name}.png`)
        views.push({ name, source, expected, view: viewOf(source, expected) })
      }
    }
    return {
      expected: Object.fromEntries(views.map(({ name, expected }) => [name, numbersOf(expected)])),
      tolerance: levelTolerance(values.mean_abs_level, values.max_abs_level),
      exact: true,
      compute: () =>
        Object.fromEntries(views.map(({ name, source, view }) => [name, rendered(source, view)])),
    }
  },
})

interface PlannedView {
  readonly name: string
  readonly source: RgbImage
  readonly expected: RgbImage
  readonly view: View
}

async function picture(folder: ParityFolder, name: string): Promise<RgbImage> {
  return decodePicture(await folder.bytes(name), folder.file(name))
}

function numbersOf({ height, width, data }: RgbImage): Numbers {
  return { shape: [height, width, 3], data }
}

function rendered(source: RgbImage, view: View): Numbers {
  return tidied(() => {
    const image = renderViews([source], [[view]])
    return { shape: image.shape.slice(1), data: image.dataSync() }
  })
}

/** Depends on the source's size, and a grid's cell on the expected picture's. */
type ViewOf = (source: Size, expected: Size) => View

/** The view that an output's name stands for. */
function viewNamed(output: string, gridRatio: number): ViewOf {
  const [first, second, third] = Array.from(output.matchAll(/\d+/g), Number) as [number, number, number]
  const form = output.replaceAll(/\d+/g, '#')
  if (form === 'square#') return (source) => squareResize(first)(source)[0]!
  if (form === 'resize#crop#') return (source) => resizeThenCrop(first, second)(source)[0]!
  if (form === 'grid#_row#_col#' && second < first && third < first) {
    return (source, { width }) => gridCell(first, second, third, gridRatio, source, width)
  }
  throw new InputError(
    `transforms: output ${output} is unknown; expected square<side>, resize<side>crop<side> or ` +
      `grid<cells>_row<row>_col<column> with rows and columns from 0`,
  )
}

/** One cell of a grid: as the package cuts it in evaluation, or with another ratio by its spans. */
function gridCell(
  cells: number,
  row: number,
  column: number,
  ratio: number,
  source: Size,
  side: number,
): View {
  if (ratio === 2) return gridParts([cells], side)(source)[row * cells + column]!
  const [top, bottom] = gridSpans(source.height, cells, ratio)[row]!
  const [left, right] = gridSpans(source.width, cells, ratio)[column]!
  const window = { top, left, height: bottom - top, width: right - left }
  return { window, size: { height: side, width: side }, flip: false }
}
