import { expect, test } from 'vitest'
import { m2l, m2lHere, temporaryFolder } from './m2l-process.test.helper.js'

test.each([['pretrain'], ['train'], ['evaluate'], ['data show'], ['data splits'], ['']])(
  'm2l %s --help shows examples',
  async (command) => {
    const words = command.split(' ').filter(Boolean)
    const { exitCode, stdout, stderr } = await m2lHere('.', ...words, '--help')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toContain(`Usage: m2l ${command}`)
    expect(stdout).toContain(`Examples:\n  m2l ${words.length === 0 ? 'engine install' : command}`)
  },
)

test('m2l engine passes its words on', async () => {
  const help = await m2l('.', 'engine', '--help')
  expect(help.stdout).toContain('Usage: m2l engine <command> [options]')
  const status = await m2l('.', 'engine', 'status', '--json')
  expect(JSON.parse(status.stdout)).toMatchObject({ device: expect.any(String), threads: expect.any(Number) })
})

test('m2l data splits lists what data show and recipes take', async () => {
  const { stdout } = await m2lHere('.', 'data', 'splits')
  expect(stdout.split('\n')).toContain('mini-imagenet')
  const { splits } = JSON.parse((await m2lHere('.', 'data', 'splits', '--json')).stdout) as {
    splits: string[]
  }
  expect(splits).toEqual(stdout.trimEnd().split('\n'))
})

test('nothing that is printed elsewhere than on a terminal holds colours', async () => {
  const folder = await temporaryFolder()
  for (const words of [['--help'], ['data', 'splits'], ['data', 'show', 'none'], ['nonsense']]) {
    const { stdout, stderr } = await m2l(folder, ...words)
    expect(stdout + stderr).not.toContain('\u001b')
  }
})
