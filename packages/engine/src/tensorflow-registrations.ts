// What TensorFlow.js's core leaves to bundlers: gradients of operations, and operations as methods of
// tensors. They are modules of the core that bundlers take for `@tensorflow/tfjs-core`, so that there is one.
import '@tensorflow/tfjs-core/dist/register_all_gradients.js'
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js'
