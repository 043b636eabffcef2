import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Command } from 'commander'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { m2l, m2lHere, temporaryFolder } from './m2l-process.test.helper.js'
import { createProgram } from './program.js'
import { table } from './terminal/table.js'

/** Every command that help shows, by the words that lead to it; the program itself has none. */
function commandsOf(command: Command, words: readonly string[] = []): [string, Command][] {
  const inner = command.createHelp().visibleCommands(command)
  const own = inner.filter((one) => one.name() !== 'help')
  return [[words.join(' '), command], ...own.flatMap((one) => commandsOf(one, [...words, one.name()]))]
}

const program = resolve(import.meta.dirname, '../bin/m2l.js')

const commands = commandsOf(createProgram())

/** Commands that answer at once. */
const instant = new Set([
  'classes show',
  'classes remove',
  'classes merge',
  'compare',
  'completion',
  'data splits',
  'engine status',
  'weights list',
  'weights show',
  'weights convert',
])

describe.each(commands)('m2l %s', (name, command) => {
  const words = name.split(' ').filter(Boolean)

  test('shows examples in its help', async () => {
    const { exitCode, stdout, stderr } = await m2lHere('.', ...words, '--help')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toContain(['Usage: npx m2l', ...words].join(' '))
    const typed =
      name === 'completion' ? '  source <\\(m2l completion' : `  ${['npx m2l', ...words].join(' ')}`
    expect(stdout).toMatch(new RegExp(`Examples:\\n${typed}`))
    expect(command.description()).not.toBe('')
    for (const { description, long } of command.options) expect(description, long).not.toBe('')
  })

  test('can be quiet or verbose where it may take long', () => {
    const takesLong = command.commands.length === 0 && !instant.has(name)
    const options = new Set(command.options.map(({ long }) => long))
    expect(options.has('--quiet'), 'quiet').toBe(takesLong)
    expect(options.has('--verbose'), 'verbose').toBe(takesLong)
  })
})

test('m2l engine passes its words on', async () => {
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

describe('colours', () => {
  afterEach(() => vi.unstubAllEnvs())
  const isColoured = (text: string) => text.includes('\u001b')

  test('are in nothing that is printed elsewhere than on a terminal', async () => {
    const folder = await temporaryFolder()
    for (const words of [['--help'], ['data', 'splits'], ['data', 'show', 'none'], ['nonsense']]) {
      const { stdout, stderr } = await m2l(folder, ...words)
      expect(isColoured(stdout + stderr)).toBe(false)
    }
  })

  test.each([
    [{ FORCE_COLOR: '1' }, true],
    [{ FORCE_COLOR: '0' }, false],
    [{ FORCE_COLOR: '' }, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '' }, true],
  ])('%j', (environment, expected) => {
    for (const [name, value] of Object.entries({ NO_COLOR: '', ...environment })) vi.stubEnv(name, value)
    const stream = { isTTY: false } as NodeJS.WriteStream
    expect(isColoured(table(['name'], [['ant']], stream))).toBe(expected)
  })
})

test('tables fit a narrow terminal and lose nothing', () => {
  const name = 'a-name-that-is-longer-than-a-narrow-terminal-is-wide'
  const stream = { isTTY: true, columns: 40 } as NodeJS.WriteStream
  vi.stubEnv('NO_COLOR', '1')
  const narrow = table(['class', 'images'], [[name, '12']], stream)
  const wide = table(['class', 'images'], [[name, '12']], { ...stream, columns: 200 } as NodeJS.WriteStream)
  vi.unstubAllEnvs()
  expect(Math.max(...narrow.split('\n').map((line) => line.length))).toBeLessThanOrEqual(40)
  const cells = narrow.split('\n').map((line) => line.split('│')[1] ?? '')
  expect(cells.join('').replaceAll(/\s/g, '')).toContain(name)
  expect(wide).toContain(name)
})

test('who stops reading hears no complaint', async () => {
  const child = spawn(process.execPath, [program, 'data', 'splits'])
  child.stdout.destroy()
  let stderr = ''
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()))
  const [exitCode] = (await once(child, 'close')) as [number]
  expect({ exitCode, stderr }).toEqual({ exitCode: 128 + 13, stderr: '' })
})

const shell = (script: string, folder: string) =>
  promisify(execFile)('bash', ['-c', script], {
    cwd: folder,
    env: { ...process.env, program, node: process.execPath },
  })

describe('completion', () => {
  test('of bash offers commands, options, recipes and splits, and names of files elsewhere', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'two words.yaml'), '')
    await writeFile(join(folder, 'notes.txt'), '')
    const { stdout } = await shell(
      `m2l() { "$node" "$program" "$@"; }
      source <(m2l completion bash)
      try() { COMP_WORDS=(m2l "$@"); COMP_CWORD=$#; COMPREPLY=(); _m2l; (IFS='|'; echo "\${COMPREPLY[*]}"); }
      try da
      try data sh
      try train --prof
      try train --cfg ''
      try data check photos --split cif
      try data check photos --split = mini
      try data prepare omni
      try train --precision ''
      try data show note
      try data show '$(touch evil)'
      ls`,
      folder,
    )
    expect(stdout.split('\n')).toEqual([
      'data',
      'show',
      '--profile',
      'two words.yaml',
      'cifar-fs',
      'mini-imagenet',
      'omniglot',
      'f32|bf16',
      '',
      '',
      'notes.txt',
      'two words.yaml',
      '',
    ])
  })

  test.each(['zsh', 'fish'])('of %s asks with what was typed', { timeout: 30_000 }, async (name) => {
    const { stdout } = await m2lHere('.', 'completion', name)
    expect(stdout).toContain(`m2l complete-words ${name} -- `)
    const answered = await m2lHere('.', 'complete-words', name, '--', 'weights', '')
    expect(answered.stdout.split('\n')).toContain(
      `show${name === 'zsh' ? ':' : '\t'}list the tensors of a safetensors file or PyTorch checkpoint, and what else is in it`,
    )
    const value = await m2lHere('.', 'complete-words', name, '--', 'data', 'check', '--split=fc')
    expect(value.stdout).toBe('--split=fc100\n')
    const weights = await m2lHere('.', 'complete-words', name, '--', 'classify', '--weights', 'em')
    expect(weights.stdout).toBe('emoji-conv64f\n')
  })
})
