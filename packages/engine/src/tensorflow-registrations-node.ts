import { createRequire } from 'node:module'

// Node.js cannot import these modules as they are; `npm run build` bundles them. They register themselves
// with the core that is loaded.
createRequire(import.meta.url)('../dist/tensorflow-registrations.cjs')
