import type { NamedTensors } from '../named-tensors.js'
import type { GraphSession } from '../graph-session.js'
import type { RandomKey } from '../../random-key.js'
import type { Profile } from '../../profile/profile.js'
import { replayName } from '../../profile/profiled-run.js'
import { Replay } from './replay.js'
import { activeProfile, isRecording, span } from '../../profile/span.js'

const calls = new WeakMap<GraphSession, number>()

/**
 * Runs a graph; under a profile as a span, and before some calls operation by operation too, whose results
 * are thrown away. The first call of a graph, in which TensorFlow optimises it, is told apart.
 */
export function profiledCall(
  name: string,
  session: GraphSession,
  inputs: NamedTensors,
  key: RandomKey | undefined,
): NamedTensors {
  const profile = activeProfile()
  if (!profile || isRecording()) return session.run(inputs, key)
  const call = (calls.get(session) ?? 0) + 1
  calls.set(session, call)
  if (call === 1) return span(`${name}: first call`, () => session.run(inputs, key))
  if (profile.takeReplay(name)) replay(profile, name, session, inputs, key)
  return span(name, () => session.run(inputs, key), { details: { call } })
}

/** The first replay of a graph is run twice, so that kernels are made before clocks run. */
function replay(
  profile: Profile,
  name: string,
  session: GraphSession,
  inputs: NamedTensors,
  key: RandomKey | undefined,
): void {
  const opened = profile.open(replayName, { details: { graph: name } }, true)
  try {
    const operations = new Replay(name, session.recording)
    if (!warm.has(session)) operations.run(inputs, key, () => 0)
    warm.add(session)
    profile.addReplay(operations.run(inputs, key, () => profile.now()))
  } catch (error) {
    // A graph that runs may hold an operation that does not run by itself; then only its total is known.
    opened.details = { ...opened.details, failed: String((error as Error).message).split('\n')[0]! }
  } finally {
    profile.close(opened)
  }
}

const warm = new WeakSet<GraphSession>()
