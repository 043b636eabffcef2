// What TensorFlow.js's core leaves to bundlers, as modules that Node.js cannot import as they are: gradients
// of operations, and operations as methods of tensors. `npm run build` bundles them. They register themselves
// with the core that is loaded.
import '@tensorflow/tfjs-core/dist/register_all_gradients.js'
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js'
