import { tf } from '../tensorflow.js'

interface Convolution {
  strides: [number, number] | number
  pad: 'valid' | 'same' | number | [[number, number], [number, number], [number, number], [number, number]]
  dataFormat: 'NHWC' | 'NCHW'
  dimRoundingMode?: 'floor' | 'round' | 'ceil'
  filterShape: [number, number, number, number]
}

/**
 * Gives a back end that has none the kernel `Conv2DBackpropFilter`, made of matrix products, which it has.
 */
export function addConvolutionFilterGradient(backendName: string): void {
  if (tf.getKernel(kernelName, backendName)) return
  // TensorFlow.js hands tensors to a kernel, though the type promises less.
  tf.registerKernel({ kernelName, backendName, kernelFunc: ({ inputs, attrs }) => byProducts(inputs, attrs) })
}

/**
 * Lets matrix products compute `Conv2DBackpropFilter` where they are faster than a back end's own kernel,
 * oneDNN's: filters that are large beside the maps, as in the last stages of a ResNet-12, and those of 1x1.
 */
export function speedUpConvolutionFilterGradient(backendName: string): void {
  const own = tf.getKernel(kernelName, backendName)
  tf.unregisterKernel(kernelName, backendName)
  tf.registerKernel({
    kernelName,
    backendName,
    kernelFunc: (call) =>
      productsAreFaster(call.inputs.dy!.shape, call.attrs as unknown as Convolution)
        ? byProducts(call.inputs, call.attrs)
        : own.kernelFunc(call),
  })
}

const kernelName = 'Conv2DBackpropFilter'

/**
 * Measured on one core of an AMD EPYC (Zen 5), seconds of oneDNN's kernel and of the products, bfloat16 then
 * float32: 390 maps of 4x4, 640 to 640 channels .55 and .27, .91 and .45; 16 of 10x10, 640 to 640 .101 and
 * .079, .157 and .128; 390 of 8x8, 320 to 320 .26 and .29, .40 and .45; 390 of 16x16, 64 to 160, filters of
 * 1x1 .016 and .016, .042 and .026.
 */
function productsAreFaster(outputShape: readonly number[], convolution: Convolution): boolean {
  const { strides, dataFormat, filterShape } = convolution
  if (dataFormat !== 'NHWC' || [strides].flat().some((stride) => stride !== 1)) return false
  const [, height, width] = outputShape as [number, number, number, number]
  const [rows, columns, channelsIn, channelsOut] = filterShape
  return rows * columns === 1 || channelsIn * channelsOut >= 2000 * height * width
}

function byProducts(inputs: tf.NamedTensorInfoMap, attributes: tf.NamedAttrMap | undefined): tf.Tensor {
  return filterGradient(
    inputs.x as tf.Tensor4D,
    inputs.dy as tf.Tensor4D,
    attributes as unknown as Convolution,
  )
}

/**
 * For each place (row, column) of the filter, the pixels that it saw, [pixels, channels in], transposed,
 * times the gradient of the output, [pixels, channels out].
 */
function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, convolution: Convolution): tf.Tensor {
  const { strides, pad, dataFormat, dimRoundingMode, filterShape } = convolution
  if (dataFormat !== 'NHWC') throw new RangeError('a convolution of this back end takes N x H x W x C')
  const info = tf.backend_util.computeConv2DInfo(
    x.shape,
    filterShape,
    strides,
    1,
    pad,
    dimRoundingMode,
    false,
    'channelsLast',
  )
  const { filterHeight, filterWidth, strideHeight, strideWidth, outHeight, outWidth, inChannels } = info
  const { top, bottom, left, right } = info.padInfo
  return tf.tidy(() => {
    const isPadded = top + bottom + left + right > 0
    const padded = isPadded
      ? tf.pad(x, [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ])
      : x // [n, h + pad, w + pad, in]
    const outputs = dy.reshape([-1, info.outChannels]) // [n * oh * ow, out]
    const places: tf.Tensor[] = []
    for (let row = 0; row < filterHeight; row++) {
      for (let column = 0; column < filterWidth; column++) {
        const seen = pixelsSeen(padded, [row, column], [outHeight, outWidth], [strideHeight, strideWidth])
        places.push(tf.matMul(seen.reshape([-1, inChannels]), outputs, true)) // [in, out]
      }
    }
    return tf.stack(places).reshape(filterShape) // [kh, kw, in, out]
  })
}

/** @returns [n, height, width, channels], the pixels of x that lie `strides` apart from `start` on */
function pixelsSeen(
  x: tf.Tensor4D,
  [row, column]: readonly [number, number],
  [height, width]: readonly [number, number],
  [strideHeight, strideWidth]: readonly [number, number],
): tf.Tensor4D {
  const [images, , , channels] = x.shape
  if (strideHeight === 1 && strideWidth === 1) {
    return tf.slice(x, [0, row, column, 0], [images, height, width, channels])
  }
  const end = [
    images,
    row + (height - 1) * strideHeight + 1,
    column + (width - 1) * strideWidth + 1,
    channels,
  ]
  return tf.stridedSlice(x, [0, row, column, 0], end, [1, strideHeight, strideWidth, 1]) as tf.Tensor4D
}
