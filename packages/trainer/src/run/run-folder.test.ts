import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openRunFolder, removeHalfWritten } from '../index.js'
import { newFolder } from './small-run.test.helper.js'

test('what a killed process has left half written is removed, and nothing else', async () => {
  const folder = await openRunFolder(newFolder())
  const id = '01234567-89ab-cdef-0123-456789abcdef'
  const halfWritten = [
    'next.safetensors',
    ...['next.safetensors', 'last-1.safetensors', 'best.safetensors', 'record.txt', 'report.html'].map(
      (file) => `${file}.${id}.tmp`,
    ),
    ...['training.json', 'fault-step-3.jsonl'].map((file) => `${file}.${id}.tmp`),
  ]
  const others = ['last.safetensors', 'last.safetensors.damaged', `result.json.${id}.tmp`, 'training.json']
  for (const file of [...halfWritten, ...others]) await writeFile(join(folder.path, file), '')
  await removeHalfWritten(folder)
  expect((await readdir(folder.path)).toSorted()).toEqual(others.toSorted())
})
