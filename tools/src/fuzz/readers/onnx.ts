import { readModelFile } from '@m2l/onnx'
import fc from 'fast-check'
import { changed, madeUp } from '../forms.js'
import type { Reader } from '../reader.js'

/** A pooling, a product with weights, and a loop whose weights lie in another file. */
const networks = [
  'CAg6XgoZCgF4EgF5IhFHbG9iYWxBdmVyYWdlUG9vbBIFc21hbGxaHAoBeBIXChUIARIRCgMSAW4KAggDCgIIAgoCCAJiHAoBeRIXChUIARIRCgMSAW4KAggDCgIIAQoCCAFCAhAR',
  'CAg6xgEKHgoGcGl4ZWxzEgFwIhFHbG9iYWxBdmVyYWdlUG9vbAoSCgFwCgFzEgFyIgdSZXNoYXBlCg8KAXIKAXcSAWYiBEdlbW0SBXNtYWxsKhoKAQIQB0IBc0oQAAAAAAAAAAADAAAAAAAAACojCgIDAhABQgF3ShgAAIA/AAAAQAAAQEAAAIBAAACgQAAAwEBaIQoGcGl4ZWxzEhcKFQgBEhEKAxIBbgoCCAMKAggICgIICGIUCgFmEg8KDQgBEgkKAxIBbgoCCAJCAhAR',
  'CAg60gEKVQoBbgoACgZwaXhlbHMSAWYiBExvb3AqPQoEYm9keTIyChAKAWESAWYiCElkZW50aXR5EgVzbWFsbCoSCgECEAFCAXZKCAAAgD8AAABAYgMKAWagAQUSBXNtYWxsKjkKAgMCEAFCAXdqEQoIbG9jYXRpb24SBXcuYmluagsKBm9mZnNldBIBMGoMCgZsZW5ndGgSAjI0cAFaIQoGcGl4ZWxzEhcKFQgBEhEKAxIBbgoCCAMKAggICgIICGIUCgFmEg8KDQgBEgkKAxIBbgoCCAJCAhAR',
].map((text) => Buffer.from(text, 'base64'))

/** ONNX files: names, shapes and sizes, before anything is run. */
export const onnx: Reader = {
  name: 'onnx',
  share: 130,
  open: async () => ({
    forms: [
      changed(networks),
      madeUp(
        fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.concat([Buffer.of(0x08, 0x08, 0x3a), bytes])),
      ),
    ],
    read: (input) => readModelFile(input, 'input.onnx'),
  }),
}
