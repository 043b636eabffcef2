import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { evaluationId, leaveResult } from './result-files.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-results-'))
})
afterAll(() => rm(folder, { recursive: true }))

const leave = (id: string, text: string) =>
  leaveResult(folder, id, async ({ manifest, predictions, result }) => {
    await writeFile(manifest, text)
    await setTimeout(5)
    await writeFile(predictions, text)
    await writeFile(result, JSON.stringify({ evaluation: id, text, manifest, predictions, result }))
  })
const contentsOf = async (path: string) => {
  const [manifest, predictions, result] = await Promise.all(
    ['test-manifest.jsonl', 'predictions.jsonl', 'result.json'].map((name) =>
      readFile(join(path, name), 'utf8'),
    ),
  )
  return { manifest, predictions, result: JSON.parse(result!) as Record<string, string> }
}

test('a result of another evaluation is kept, one of the same is replaced', async () => {
  const [a, b] = [evaluationId({ shots: 1 }), evaluationId({ shots: 5 })]
  expect(await leave(a, 'first')).toBeUndefined()
  expect(await leave(a, 'again')).toBeUndefined()
  const kept = await leave(b, 'second')
  expect(kept).toBe(join(folder, 'earlier', a.slice(0, 12)))
  expect(await contentsOf(folder)).toMatchObject({ manifest: 'second', result: { evaluation: b } })
  const earlier = await contentsOf(kept!)
  expect(earlier).toMatchObject({
    manifest: 'again',
    predictions: 'again',
    result: { evaluation: a, text: 'again' },
  })
  expect(earlier.result.predictions).toBe(join(kept!, 'predictions.jsonl'))
  await writeFile(join(folder, 'result.json'), 'of a version before, or damaged')
  const old = await leave(a, 'third')
  expect(await readFile(join(old!, 'result.json'), 'utf8')).toContain('of a version before, or damaged')
})

test('several that come at once are never mixed, and none is lost', async () => {
  const texts = Array.from({ length: 6 }, (_, index) => `of ${index}`)
  await Promise.all(texts.map((text) => leave(evaluationId({ text }), text)))
  const found = [
    folder,
    ...(await readdir(join(folder, 'earlier'))).map((name) => join(folder, 'earlier', name)),
  ]
  const results = await Promise.all(found.map(contentsOf))
  for (const { manifest, predictions, result } of results) {
    expect(predictions).toBe(manifest)
    expect(result.text ?? manifest).toBe(manifest)
  }
  expect(results.map(({ manifest }) => manifest)).toEqual(expect.arrayContaining(texts))
})
