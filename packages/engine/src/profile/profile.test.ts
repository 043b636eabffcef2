import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  graphFunction,
  loadEngine,
  nameVariables,
  randomKey,
  randomUniform,
  span,
  startProfile,
  tf,
} from '../index.js'
import type {
  GraphFunctionOptions,
  ProfileOptions,
  ProfileResult,
  RandomKey,
  Trace,
  TraceEvent,
} from '../index.js'
import type { NativeBackend } from '../native-backend.js'

beforeAll(async () => {
  await loadEngine()
})

/** The events of a trace, which must have the form that the format asks for. */
function checked(trace: Trace): TraceEvent[] {
  const { traceEvents, displayTimeUnit } = JSON.parse(JSON.stringify(trace)) as Trace
  expect(displayTimeUnit).toBe('ms')
  expect(traceEvents.filter((event) => !isWellFormed(event))).toEqual([])
  expectNested(traceEvents)
  return [...traceEvents]
}

function isWellFormed({ name, ph, pid, tid, ts, dur, s, args = {} }: TraceEvent): boolean {
  const isWhole = (value: unknown) => Number.isInteger(value) && Number(value) >= 0
  const values = Object.values(args)
  const hasItsFields = {
    X: () => isWhole(ts) && isWhole(dur),
    C: () => isWhole(ts) && values.length > 0 && values.every(Number.isFinite),
    M: () => values.length === 1,
    i: () => isWhole(ts) && s === 'g',
  }
  return typeof name === 'string' && isWhole(pid) && isWhole(tid) && hasItsFields[ph]()
}

/** On each row any two spans are apart or one holds the other. */
function expectNested(events: readonly TraceEvent[]): void {
  const spans = events.filter(({ ph }) => ph === 'X')
  for (const tid of new Set(spans.map((event) => event.tid))) {
    const row = spans.filter((event) => event.tid === tid).map(({ ts, dur }) => [ts!, ts! + dur!] as const)
    const open: number[] = []
    for (const [start, end] of row) {
      while (open.length > 0 && open.at(-1)! <= start) open.pop()
      expect(end).toBeLessThanOrEqual(open.at(-1) ?? Infinity)
      open.push(end)
    }
  }
}

/** Spans within spans; some last until others have ended. */
interface Tree {
  readonly track: 'loop' | 'aside'
  readonly isAwaited: boolean
  readonly waits: number
  readonly children: readonly Tree[]
}

const tree: fc.Memo<Tree> = fc.memo((depth) =>
  fc.record({
    track: fc.constantFrom('loop', 'aside'),
    isAwaited: fc.boolean(),
    waits: fc.nat(3),
    children: depth > 1 ? fc.array(tree(depth - 1), { maxLength: 3 }) : fc.constant([]),
  }),
)

async function grown({ track, waits, children }: Tree): Promise<number> {
  const late: Promise<number>[] = []
  return span(
    `waits ${waits}`,
    async () => {
      for (const child of children) {
        const growing = grown(child)
        if (child.isAwaited) await growing
        else late.push(growing)
      }
      for (let turn = 0; turn < waits; turn++) await new Promise((resolve) => setImmediate(resolve))
      return 1 + children.length
    },
    { track },
  ).finally(() => Promise.all(late))
}

const sizeOf = ({ children }: Tree): number => children.reduce((size, child) => size + sizeOf(child), 1)

describe('span', () => {
  it('nests on each row, whatever overlaps, and what each takes by itself adds up to the whole', async () => {
    await fc.assert(
      fc.asyncProperty(tree(4), async (root) => {
        const profile = startProfile()
        await grown(root)
        const { trace, summary } = profile.stop()
        expect(checked(trace).filter(({ ph }) => ph === 'X')).toHaveLength(sizeOf(root))
        const { phases, beside, seconds } = summary
        expect([...phases, ...beside].reduce((calls, phase) => calls + phase.calls, -1)).toBe(sizeOf(root))
        const own = phases.map((phase) => phase.seconds)
        expect(Math.min(...own)).toBeGreaterThanOrEqual(0)
        expect(own.reduce((sum, part) => sum + part)).toBeGreaterThanOrEqual(seconds * (1 - 1e-9))
      }),
      { numRuns: 50 },
    )
  })

  const fault = new Error('fault')
  const failing = () => {
    throw fault
  }
  const expectPassedOn = async () => {
    expect(span('value', () => 3)).toBe(3)
    expect(await span('later', async () => 4)).toBe(4)
    expect(() => span('failing', failing)).toThrow(fault)
    await expect(span('failing later', async () => failing())).rejects.toBe(fault)
  }

  it('passes on what its work returns or throws', async () => {
    await expectPassedOn()
    const profile = startProfile()
    await expectPassedOn()
    const spans = checked(profile.stop().trace).filter(({ ph }) => ph === 'X')
    expect(spans.map(({ args }) => args)).toEqual([{}, {}, {}, {}])
  })

  it('ends with its profile where it is still under way, on a row of its track', () => {
    const profile = startProfile()
    void span('endless', () => new Promise(() => {}), { track: 'aside', details: { page: 2 } })
    const events = checked(profile.stop().trace)
    const endless = events.find(({ ph }) => ph === 'X')
    expect(endless).toMatchObject({ name: 'endless', args: { page: 2, unfinished: true } })
    expect(events).toContainEqual(
      expect.objectContaining({ name: 'thread_name', tid: endless!.tid, args: { name: 'aside' } }),
    )
  })
})

describe('startProfile', () => {
  it('is refused while a profile runs', () => {
    const profile = startProfile()
    expect(() => startProfile()).toThrow('a profile runs already')
    profile.stop()
    startProfile().stop()
  })

  it('keeps no more than its limit and says so', () => {
    const profile = startProfile({ events: 5 })
    span('outer', () => {
      for (let index = 0; index < 9; index++) span('inner', () => {})
    })
    const { trace, summary } = profile.stop()
    const events = checked(trace)
    expect(events.filter(({ ph }) => ph === 'X').map(({ name }) => name)).toEqual([
      'outer',
      ...Array(4).fill('inner'),
    ])
    expect(events).toContainEqual(
      expect.objectContaining({ ph: 'i', name: expect.stringContaining('limit of 5') }),
    )
    expect(summary.dropped).toBe(5)
    expect(trace.otherData.limit).toContain('5 more were dropped')
  })

  it('counts memory and tensors', () => {
    const before = tf.memory().numTensors
    const profile = startProfile()
    const counters = checked(profile.stop().trace).filter(({ ph }) => ph === 'C')
    expect(counters.map(({ name }) => name)).toEqual(['memory (MiB)', 'tensors'])
    expect(counters[1]!.args).toEqual({ tensors: before })
    expect(counters[0]!.args!.resident).toBeGreaterThan(10)
  })
})

/** A training step of a convolution, and what it learns. */
function convolution() {
  const weight = tf.tidy(() => tf.variable(randomUniform(randomKey(1), [3, 3, 2, 4]).sub(0.5) as tf.Tensor4D))
  nameVariables({ 'encoder.first.weight': weight })
  const step = ({ x }: { x: tf.Tensor }, key: RandomKey | undefined) => {
    const { value, grads } = tf.variableGrads(() => {
      const y = span('encode', () => tf.leakyRelu(tf.conv2d(x as tf.Tensor4D, weight, 1, 'same'), 0.2))
      const noise = randomUniform(key!.fold('noise'), y.shape)
      return tf.mean(tf.square(tf.sub(y, noise))) as tf.Scalar
    })
    span('update', () => weight.assign(tf.sub(weight, tf.mul(grads[weight.name]!, 0.1))))
    return { loss: value }
  }
  return { weight, step }
}

/** The losses of four steps, what they learned, and the profile if one was asked for. */
function learned(options: GraphFunctionOptions, profiled?: ProfileOptions) {
  const profile = profiled && startProfile(profiled)
  const { weight, step } = convolution()
  const run = graphFunction(step, { name: 'step', ...options })
  const losses = Array.from({ length: 4 }, (_, index) => {
    const x = tf.tidy(() => randomUniform(randomKey(index), [2, 6, 6, 2]))
    const { loss } = run({ x }, randomKey(index))
    const [value] = loss.dataSync()
    tf.dispose([x, loss])
    return value
  })
  const values = weight.dataSync()
  run.dispose()
  weight.dispose()
  return { learned: { losses, values }, result: profile?.stop() as ProfileResult }
}

const operationsOf = ({ trace }: ProfileResult) => checked(trace).filter(({ cat }) => cat === 'operation')

describe('a profile of graph functions', () => {
  it.each(['f32', 'bf16'] as const)(
    'shows the operations of some calls in %s and leaves results and tensors as they were',
    (precision) => {
      const { binding } = tf.backend() as unknown as NativeBackend & {
        readonly binding: { getNumOfTensors(): number }
      }
      const plain = learned({ precision })
      const [tensors, handles] = [tf.memory().numTensors, binding.getNumOfTensors()]
      const { learned: profiled, result } = learned({ precision }, { replays: 2 })
      expect(profiled).toEqual(plain.learned)
      expect(tf.memory().numTensors).toBe(tensors)
      expect(binding.getNumOfTensors()).toBe(handles)

      const type = precision === 'f32' ? 'float32' : 'bfloat16'
      const operations = operationsOf(result)
      expect(operations.filter(({ args }) => args!.operation === 'Conv2D').map(({ args }) => args)).toEqual(
        [1, 2].map(() => ({
          operation: 'Conv2D',
          node: expect.stringMatching(/^n\d+$/),
          pass: 'forward / encode',
          layer: 'encoder.first',
          inputs: [`${type} [2,6,6,2]`, `${type} [3,3,2,4]`],
          outputs: [`${type} [2,6,6,4]`],
          GFLOP: Number(((2 * (2 * 6 * 6 * 4) * (3 * 3 * 2)) / 1e9).toPrecision(4)),
          'GFLOP/s': expect.any(Number),
          MiB: expect.any(Number),
          'GiB/s': expect.any(Number),
        })),
      )
      for (const name of ['Conv2DBackpropFilter', 'LeakyReluGrad'])
        expect(operations.find(({ args }) => args!.operation === name)!.args).toMatchObject({
          pass: 'backward',
          layer: 'encoder.first',
        })
      expect(operations.map(({ args }) => args!.pass)).toContain('update')
      expect(operations.map(({ args }) => args!.operation)).toContain('StatelessRandomUniform')

      const { summary, trace } = result
      expect(summary.graphs).toMatchObject([{ name: 'step', calls: 3, replays: 2 }])
      expect(summary.operations.reduce((sum, { share }) => sum + share, 0)).toBeGreaterThan(0)
      const phases = summary.phases.map(({ name, calls }) => [name, calls])
      expect(Object.fromEntries(phases)).toEqual({
        step: 3,
        'step: record': 1,
        'step: first call': 1,
        other: 1,
      })
      expect(summary.replaySeconds).toBeGreaterThan(0)
      expect(trace.traceEvents.filter(({ cat }) => cat === 'overhead')).toHaveLength(2)
    },
  )

  it('shows spans within where they run operation by operation', () => {
    const { result } = learned({ eager: true }, {})
    const names = result.summary.phases.map(({ name, calls }) => [name, calls])
    expect(Object.fromEntries(names)).toEqual({
      'step (operation by operation)': 4,
      encode: 4,
      update: 4,
      other: 1,
    })
  })

  it('says when the operations of a graph cannot be run by themselves, and goes on', () => {
    const backend = tf.backend() as unknown as { binding: NativeBackend['binding'] }
    const { binding } = backend
    const profile = startProfile()
    const double = graphFunction(({ x }: { x: tf.Tensor }) => ({ y: tf.mul(x, 2) }))
    const x = tf.scalar(3)
    const first = double({ x }).y
    backend.binding = Object.create(binding, {
      executeOp: {
        value: () => {
          throw new Error('no such kernel\nand more')
        },
      },
    }) as NativeBackend['binding']
    const second = double({ x }).y
    backend.binding = binding
    expect([first, second].map((y) => y.dataSync()[0])).toEqual([6, 6])
    const overhead = profile.stop().trace.traceEvents.filter(({ cat }) => cat === 'overhead')
    expect(overhead.map(({ args }) => args)).toEqual([{ graph: 'graph', failed: 'no such kernel' }])
    tf.dispose([x, first, second])
    double.dispose()
  })
})
