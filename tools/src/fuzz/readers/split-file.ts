import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSplitFile } from '@m2l/datasets'
import { changed, madeUp } from '../forms.js'
import type { Reader } from '../reader.js'
import { yaml } from './yaml.js'

const split = `# made by hand
train: [ant, bee, "café", 'dog']
val:
  - eel
  - "fox \\u00e9"
test: &all
  - gnu
train_superclasses: [animals]
`

/** Split files. */
export const splitFile: Reader = {
  name: 'split-file',
  share: 60,
  async open(folder) {
    const file = join(folder, 'split.yaml')
    return {
      forms: [changed([split]), madeUp(yaml)],
      read(input) {
        writeFileSync(file, input)
        return readSplitFile(file)
      },
    }
  },
}
