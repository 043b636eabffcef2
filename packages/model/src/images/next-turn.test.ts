import { expect, test } from 'vitest'
import { nextTurn } from './next-turn.js'
import { nextTurn as nextTurnOfNode } from './next-turn-node.js'

test.each([
  ['by a message', nextTurn],
  ["by Node's own function", nextTurnOfNode],
])('timers go off between turns, %s', async (_, next) => {
  const seen: string[] = []
  const timer = new Promise<void>((resolve) => {
    setTimeout(() => {
      seen.push('timer')
      resolve()
    }, 0)
  })
  const turns = (async () => {
    while (!seen.includes('timer')) await next()
    seen.push('turns')
  })()
  await Promise.all([timer, turns])
  expect(seen).toEqual(['timer', 'turns'])
})
