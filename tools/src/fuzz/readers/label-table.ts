import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listImages } from '@m2l/datasets'
import fc from 'fast-check'
import { changed, madeUp } from '../forms.js'
import type { Reader } from '../reader.js'

const cell = fc.oneof(
  fc.constantFrom('a.png', 'b.png', '../c.png', '/etc/passwd', '"d, e.png"', '"open', '""', ' ', '__proto__', 'filename', 'label', '\r', '"x\ny"'),
  fc.string({ maxLength: 6 }),
) // prettier-ignore
const rows = fc
  .array(fc.array(cell, { maxLength: 4 }), { maxLength: 8 })
  .map((lines) => ['filename,label', ...lines.map((cells) => cells.join(','))].join('\n'))

/** Tables of `filename,label`. */
export const labelTable: Reader = {
  name: 'csv',
  share: 60,
  async open(folder) {
    const file = join(folder, 'table.csv')
    return {
      forms: [changed(['filename,label\na.png,ant\nb.png,bee\n"c, d.png","cow ""x"""\n']), madeUp(rows)],
      read(input) {
        writeFileSync(file, input)
        return listImages(file)
      },
    }
  },
}
