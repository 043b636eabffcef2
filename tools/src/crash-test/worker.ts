import { loadEngine } from '@m2l/engine'
import { trainOnOrAnew } from './training.js'

// Trains in the folder that its argument names, on from where an earlier process was killed.
await loadEngine({ device: 'cpu' })
await trainOnOrAnew(process.argv[2]!)
