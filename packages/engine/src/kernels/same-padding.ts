import { tf } from '../tensorflow.js'

interface Convolution {
  strides: [number, number] | number
  dilations: [number, number] | number
  pad: unknown
}

/**
 * Corrects the convolutions of `wasm`, plain and depthwise, with padding `same`: where a filter is smaller
 * than the stride and windows leave pixels over, TensorFlow.js 4.22 gives zeros. There the input is padded
 * first and the convolution pads nothing.
 */
export function correctSamePadding(backendName: string): void {
  for (const kernelName of [tf.Conv2D, tf.DepthwiseConv2dNative]) {
    const own = tf.getKernel(kernelName, backendName)
    tf.unregisterKernel(kernelName, backendName)
    tf.registerKernel({
      ...own, // with its set-up
      kernelFunc(call) {
        const { pad, strides, dilations } = call.attrs as unknown as Convolution
        const { x, filter } = call.inputs as Record<string, tf.Tensor4D>
        if (pad !== 'same') return own.kernelFunc(call)
        const { padInfo, inHeight, inWidth, outHeight, outWidth, ...info } =
          tf.backend_util.computeConv2DInfo(
            x!.shape,
            filter!.shape,
            strides,
            dilations,
            'same',
            undefined,
            kernelName === tf.DepthwiseConv2dNative,
          )
        const leavesPixels =
          (outHeight - 1) * info.strideHeight + info.effectiveFilterHeight < inHeight ||
          (outWidth - 1) * info.strideWidth + info.effectiveFilterWidth < inWidth
        if (!leavesPixels) return own.kernelFunc(call)
        const { top, bottom, left, right } = padInfo
        return tf.tidy(() => {
          const padded = tf.pad(x!, [
            [0, 0],
            [top, bottom],
            [left, right],
            [0, 0],
          ])
          const inputs = { ...call.inputs, x: padded }
          const y = own.kernelFunc({ ...call, inputs, attrs: { ...call.attrs, pad: 'valid' } })
          return tf.engine().makeTensorFromTensorInfo(y as tf.TensorInfo)
        })
      },
    })
  }
}
