import { appendFileSync, mkdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { crc32c } from '@node-rs/crc32'
import protobuf from 'protobufjs'

/**
 * Writes scalars that TensorBoard shows: an event file of TFRecords that hold `Event` messages (TensorFlow,
 * `core/util/event.proto`; only the fields used are declared here).
 */
export class TensorBoardWriter {
  readonly #file: string

  /**
   * @param folder is made where it does not exist
   * @param resumedAt the steps done when a run goes on; TensorBoard then forgets what an earlier process
   *   wrote of later ones
   */
  constructor(folder: string, resumedAt?: number) {
    mkdirSync(folder, { recursive: true })
    const seconds = Math.floor(Date.now() / 1000)
    this.#file = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}`)
    this.#write({ fileVersion: 'brain.Event:2' })
    if (resumedAt !== undefined) this.#write({ step: resumedAt + 1, sessionLog: { status: sessionStart } })
  }

  /** @param step a whole number that grows */
  scalar(tag: string, value: number, step: number): void {
    this.#write({ step, summary: { value: [{ tag, simpleValue: value }] } })
  }

  #write(event: object): void {
    const message = eventType.encode(eventType.create({ wallTime: Date.now() / 1000, ...event })).finish()
    appendFileSync(this.#file, record(message))
  }
}

const sessionStart = 1

const eventType = protobuf.Root.fromJSON({
  nested: {
    Event: {
      fields: {
        wallTime: { id: 1, type: 'double' },
        step: { id: 2, type: 'int64' },
        fileVersion: { id: 3, type: 'string' },
        summary: { id: 5, type: 'Summary' },
        sessionLog: { id: 7, type: 'SessionLog' },
      },
    },
    Summary: { fields: { value: { id: 1, rule: 'repeated', type: 'Value' } } },
    Value: { fields: { tag: { id: 1, type: 'string' }, simpleValue: { id: 2, type: 'float' } } },
    SessionLog: { fields: { status: { id: 1, type: 'int32' } } },
  },
}).lookupType('Event')

/** A TFRecord: length, masked checksum of the length, data, masked checksum of the data. */
function record(data: Uint8Array): Buffer {
  const output = Buffer.alloc(12 + data.length + 4)
  output.writeBigUInt64LE(BigInt(data.length), 0)
  output.writeUInt32LE(maskedChecksum(output.subarray(0, 8)), 8)
  output.set(data, 12)
  output.writeUInt32LE(maskedChecksum(data), 12 + data.length)
  return output
}

function maskedChecksum(data: Uint8Array): number {
  const checksum = crc32c(Buffer.from(data))
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0
}
