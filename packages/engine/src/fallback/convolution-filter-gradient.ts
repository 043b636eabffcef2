import { tf } from '../tensorflow.js'

interface Convolution {
  strides: [number, number] | number
  pad: 'valid' | 'same' | number | [[number, number], [number, number], [number, number], [number, number]]
  dataFormat: 'NHWC' | 'NCHW'
  dimRoundingMode?: 'floor' | 'round' | 'ceil'
  filterShape: [number, number, number, number]
}

/**
 * Gives a back end that has none the kernel `Conv2DBackpropFilter`, made of operations that it has: for each place
 * (row, column) of the filter, the pixels that it saw, [pixels, channels in], transposed, times the gradient of the
 * output, [pixels, channels out].
 */
export function registerConvolutionFilterGradient(backendName: string): void {
  if (tf.getKernel('Conv2DBackpropFilter', backendName)) return
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName,
    // TensorFlow.js hands tensors to a kernel, though the type promises less.
    kernelFunc: ({ inputs, attrs }) =>
      filterGradient(inputs.x as tf.Tensor4D, inputs.dy as tf.Tensor4D, attrs as unknown as Convolution),
  })
}

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
    const padded = tf.pad(x, [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ]) // [n, h + pad, w + pad, in]
    const outputs = dy.reshape([-1, info.outChannels]) // [n * oh * ow, out]
    const places: tf.Tensor[] = []
    for (let row = 0; row < filterHeight; row++) {
      for (let column = 0; column < filterWidth; column++) {
        const seen = tf.stridedSlice(
          padded,
          [0, row, column, 0],
          [
            x.shape[0],
            row + (outHeight - 1) * strideHeight + 1,
            column + (outWidth - 1) * strideWidth + 1,
            inChannels,
          ],
          [1, strideHeight, strideWidth, 1],
        ) // [n, oh, ow, in]
        places.push(tf.matMul(seen.reshape([-1, inChannels]), outputs, true)) // [in, out]
      }
    }
    return tf.stack(places).reshape(filterShape) // [kh, kw, in, out]
  })
}
