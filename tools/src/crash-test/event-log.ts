import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import protobuf from 'protobufjs'

/** A scalar of a log. */
interface LoggedScalar {
  readonly tag: string
  readonly step: number
  readonly value: number
}

/** How long pictures were waited for differs from run to run. */
const timeTag = 'waiting'

/**
 * The scalars of a run as TensorBoard shows them: where a later process began again at a step, what an
 * earlier one wrote of that step and later ones is forgotten. A record that was not written to its end is
 * passed over.
 */
export async function loggedScalars(folder: string): Promise<LoggedScalar[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('events.out.tfevents.'))
  let scalars: LoggedScalar[] = []
  for (const name of names.sort()) {
    for (const { step, sessionLog, summary } of eventsOf(await readFile(join(folder, name)))) {
      if (sessionLog) scalars = scalars.filter((scalar) => scalar.step < step)
      for (const { tag, simpleValue } of summary?.value ?? [])
        scalars.push({ tag, step, value: tag === timeTag ? 0 : simpleValue })
    }
  }
  return scalars
}

interface Event {
  readonly step: number
  readonly sessionLog: object | null
  readonly summary: {
    readonly value: readonly { readonly tag: string; readonly simpleValue: number }[]
  } | null
}

/** The messages of TFRecords: length, checksum, message, checksum. */
function eventsOf(bytes: Buffer): Event[] {
  const events: Event[] = []
  for (let at = 0; at + 12 <= bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at))
    const end = at + 12 + length + 4
    if (end > bytes.length) break
    const message = eventType.decode(bytes.subarray(at + 12, at + 12 + length))
    events.push(eventType.toObject(message, { longs: Number, defaults: true }) as Event)
    at = end
  }
  return events
}

const eventType = protobuf.Root.fromJSON({
  nested: {
    Event: {
      fields: {
        step: { id: 2, type: 'int64' },
        summary: { id: 5, type: 'Summary' },
        sessionLog: { id: 7, type: 'SessionLog' },
      },
    },
    Summary: { fields: { value: { id: 1, rule: 'repeated', type: 'Value' } } },
    Value: { fields: { tag: { id: 1, type: 'string' }, simpleValue: { id: 2, type: 'float' } } },
    SessionLog: { fields: { status: { id: 1, type: 'int32' } } },
  },
}).lookupType('Event')
