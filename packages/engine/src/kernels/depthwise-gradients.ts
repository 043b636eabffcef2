import { tf } from '../tensorflow.js'

interface DepthwiseConvolution {
  strides: [number, number] | number
  dilations: [number, number] | number
  pad: 'valid' | 'same' | number
  dimRoundingMode?: 'floor' | 'round' | 'ceil'
}

/**
 * Gives a back end that has none the two gradients of a depthwise convolution, made of operations that it
 * has.
 */
export function addDepthwiseGradients(backendName: string): void {
  if (tf.getKernel(tf.DepthwiseConv2dNativeBackpropInput, backendName)) return
  // TensorFlow.js hands tensors to a kernel, though the type promises less.
  tf.registerKernel({
    kernelName: tf.DepthwiseConv2dNativeBackpropInput,
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { inputShape, ...convolution } = attrs as unknown as DepthwiseConvolution & { inputShape: Shape }
      return inputGradient(inputs.dy as tf.Tensor4D, inputs.filter as tf.Tensor4D, inputShape, convolution)
    },
  })
  tf.registerKernel({
    kernelName: tf.DepthwiseConv2dNativeBackpropFilter,
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { filterShape, ...convolution } = attrs as unknown as DepthwiseConvolution & {
        filterShape: Shape
      }
      return filterGradient(inputs.x as tf.Tensor4D, inputs.dy as tf.Tensor4D, filterShape, convolution)
    },
  })
}

type Shape = [number, number, number, number]

/**
 * Each output's gradient stands where its window begins, with zeros between for the stride; the depthwise
 * convolution of that with the filter turned around is what every pixel gets. So for each of the maps that a
 * channel becomes, then added.
 */
function inputGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  inputShape: Shape,
  convolution: DepthwiseConvolution,
): tf.Tensor {
  const info = infoOf(inputShape, filter.shape, convolution)
  const { filterHeight, filterWidth, strideHeight, strideWidth, outHeight, outWidth } = info
  const [images, height, width, channels] = inputShape
  const multiplier = filter.shape[3]
  const before = [filterHeight - 1 - info.padInfo.top, filterWidth - 1 - info.padInfo.left] as const
  return tf.tidy(() => {
    const byChannel = dy.reshape([images, outHeight, outWidth, channels, multiplier])
    const turned = tf.reverse(filter, [0, 1])
    const terms = Array.from({ length: multiplier }, (_, map) => {
      const ofMap = byChannel
        .slice([0, 0, 0, 0, map], [-1, -1, -1, -1, 1])
        .reshape([images, outHeight, outWidth, channels]) as tf.Tensor4D
      const apart = withZerosBetween(ofMap, [strideHeight, strideWidth])
      const framed = framedTo(apart, before, [height + filterHeight - 1, width + filterWidth - 1])
      const turnedOfMap = turned.slice([0, 0, 0, map], [-1, -1, -1, 1]) as tf.Tensor4D
      return tf.depthwiseConv2d(framed, turnedOfMap, 1, 'valid') // [n, h, w, channels]
    })
    return tf.addN(terms)
  })
}

/** For each place of the filter, the pixels that it saw times the gradient of the output, added up. */
function filterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filterShape: Shape,
  convolution: DepthwiseConvolution,
): tf.Tensor {
  const { padInfo, strideHeight, strideWidth, outHeight, outWidth } = infoOf(
    x.shape,
    filterShape,
    convolution,
  )
  const [rows, columns, channels, multiplier] = filterShape
  const [images, height, width] = x.shape
  const { top, bottom, left, right } = padInfo
  return tf.tidy(() => {
    const padded = framedTo(x, [top, left], [height + top + bottom, width + left + right])
    const outputs = dy.reshape([-1, channels, multiplier]) // [n * oh * ow, c, m]
    const places: tf.Tensor[] = []
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const end = [
          images,
          row + (outHeight - 1) * strideHeight + 1,
          column + (outWidth - 1) * strideWidth + 1,
          channels,
        ]
        const seen = tf.stridedSlice(padded, [0, row, column, 0], end, [1, strideHeight, strideWidth, 1])
        places.push(tf.sum(tf.mul(seen.reshape([-1, channels, 1]), outputs), 0)) // [c, m]
      }
    }
    return tf.stack(places).reshape(filterShape) // [kh, kw, c, m]
  })
}

function infoOf(
  inputShape: Shape,
  filterShape: Shape,
  { strides, dilations, pad, dimRoundingMode }: DepthwiseConvolution,
) {
  return tf.backend_util.computeConv2DInfo(
    inputShape,
    filterShape,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    true,
  )
}

/**
 * @returns [n, (h - 1) * strideHeight + 1 or more, (w - 1) * strideWidth + 1 or more, c], each pixel a stride
 * from the next
 */
function withZerosBetween(x: tf.Tensor4D, [down, across]: readonly [number, number]): tf.Tensor4D {
  if (down === 1 && across === 1) return x
  const [images, height, width, channels] = x.shape
  const apart = tf.pad(x.reshape([images * height, 1, width, channels]), [
    [0, 0],
    [0, down - 1],
    [0, 0],
    [0, (across - 1) * channels],
  ])
  return apart.reshape([images, height * down, width * across, channels])
}

/**
 * So many zeros above and to the left, and below and to the right as many as lead to that size, or a row or
 * column less.
 */
function framedTo(
  x: tf.Tensor4D,
  [top, left]: readonly [number, number],
  [height, width]: readonly [number, number],
): tf.Tensor4D {
  const [, rows, columns] = x.shape
  const fitting = tf.slice(
    x,
    [0, 0, 0, 0],
    [-1, Math.min(rows, height - top), Math.min(columns, width - left), -1],
  )
  const [, keptRows, keptColumns] = fitting.shape
  return tf.pad(fitting, [
    [0, 0],
    [top, height - top - keptRows],
    [left, width - left - keptColumns],
    [0, 0],
  ])
}
