import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { InputError } from '@m2l/engine'
import { commonOptions, readWords, wholeNumber } from '../command-line.js'
import { workspaceRoot } from '../workspace.js'
import type { Peer } from './peer.js'

export const usage =
  'usage: npm run --silent own-pictures -- --data PATH… [--draws 20] [--ways 10] [--queries 20] [--seed 1] [--chosen NAME] [--weights NAME] ' +
  '[--shipped NAME…] [--peer PYTHON [--peer-script FILE]] [--threads N] [--json] [--help]'

export const help = `${usage}

Measures how accurate classifiers of a few examples are on folders of class folders: ours as it is chosen from the examples, single
heads, shipped weights, and scikit-learn on PyTorch's features, in the same random draws.

  --data PATH…     folders or archives of class folders
  --draws N        random draws of classes and pictures for each of them (20)
  --ways N         classes of a draw (10); as many others, where there are, are strangers, whose pictures are of no class
  --queries N      at most so many pictures to classify of each class (20)
  --seed N         of the draws (1)
  --chosen NAME    weights of ours (auto: those that the examples choose)
  --weights NAME   the network of the single heads (efficientnet-lite0)
  --shipped NAME…  weights that are measured with the levels that they were trained with (cifar-fs-conv64f, omniglot-conv64f)
  --peer PYTHON    an interpreter with what tools/own-pictures/requirements.txt names, which measures scikit-learn and PyTorch
  --peer-script F  a program of another peer in place of tools/own-pictures/peer_sklearn.py
  --threads N      of the peer (all)
  --json           one line of JSON on standard output; progress goes to standard error in any case

Exit codes: 0 done, 2 bad input or a peer that cannot run.`

/** The weights for photographs and for characters that come with the package. */
const usuallyShipped = ['cifar-fs-conv64f', 'omniglot-conv64f']

/** What the command line asks for. */
export interface Asked {
  readonly data: readonly string[]
  readonly draws: number
  readonly ways: number
  readonly queries: number
  readonly seed: number
  readonly chosen: string
  readonly weights: string
  readonly shipped: readonly string[]
  readonly peer?: Peer
  readonly json: boolean
}

/**
 * Reads the command line.
 *
 * @param args the words after the program's name
 * @param start the folder from which files and folders are found
 * @throws {InputError} when an option is unknown or a number is out of range, or there is no folder
 */
export function readArguments(args: readonly string[], start: string): Asked | 'help' {
  const options = {
    data: { type: 'string', multiple: true },
    draws: { type: 'string', default: '20' },
    ways: { type: 'string', default: '10' },
    queries: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    chosen: { type: 'string', default: 'auto' },
    weights: { type: 'string', default: 'efficientnet-lite0' },
    shipped: { type: 'string', multiple: true },
    peer: { type: 'string' },
    'peer-script': { type: 'string' },
    threads: { type: 'string' },
    ...commonOptions,
  } as const
  const { values, positionals } = readWords({ args: [...args], options, allowPositionals: true }, usage)
  if (values.help) return 'help'
  if (values.data === undefined) throw new InputError(`--data PATH is needed; ${usage}`)
  if (values.threads !== undefined && values.peer === undefined)
    throw new InputError('--threads are those of the peer; give --peer PYTHON, too, or leave out --threads')
  if (values['peer-script'] !== undefined && values.peer === undefined)
    throw new InputError('--peer-script needs --peer PYTHON, the program that runs it')
  const script = values['peer-script'] ?? resolve(workspaceRoot, 'tools/own-pictures/peer_sklearn.py')
  const threads =
    values.threads === undefined ? availableParallelism() : wholeNumber('--threads', values.threads)
  return {
    data: [...new Set([...values.data, ...positionals].map((path) => resolve(start, path)))],
    draws: wholeNumber('--draws', values.draws, 2),
    ways: wholeNumber('--ways', values.ways, 2),
    queries: wholeNumber('--queries', values.queries),
    seed: wholeNumber('--seed', values.seed, 0),
    chosen: values.chosen,
    weights: values.weights,
    shipped: [...new Set(values.shipped ?? usuallyShipped)].filter((name) => name !== ''),
    ...(values.peer !== undefined && {
      peer: {
        python: values.peer.includes('/') ? resolve(start, values.peer) : values.peer,
        script: resolve(start, script),
        threads,
      },
    }),
    json: values.json,
  }
}
