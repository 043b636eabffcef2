import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { lockRunFolder } from '../index.js'
import { newFolder } from './small-run.test.helper.js'

interface Place {
  readonly machine: string | null
  readonly namespace: string | null
}

const lockOf = (folder: string) => join(folder, 'run.lock')

/** Leaves a lock as it might be found; by default that of this process. */
async function leave(folder: string, changes: object): Promise<void> {
  const { release } = await lockRunFolder(folder)
  const holder = JSON.parse(await readFile(lockOf(folder), 'utf8')) as object
  await release()
  await writeFile(lockOf(folder), JSON.stringify({ ...holder, ...changes }))
}

/** Takes the lock and gives it back. */
async function expectFree(folder: string): Promise<void> {
  const { release } = await lockRunFolder(folder)
  expect(JSON.parse(await readFile(lockOf(folder), 'utf8'))).toMatchObject({ pid: process.pid })
  await release()
}

describe('the lock of a run folder', () => {
  it('keeps others out until it is released, and names the process and when it began', async () => {
    const folder = newFolder()
    const { release } = await lockRunFolder(folder)
    await expect(lockRunFolder(folder)).rejects.toThrow(
      new RegExp(
        `another run is writing here \\(process ${process.pid}, since \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\\); let it end, or choose another folder with run\\.folder=FOLDER$`,
      ),
    )
    await release()
    expect(existsSync(lockOf(folder))).toBe(false)
    await expectFree(folder)
  })

  it('lets one in of many that come at once', async () => {
    const folder = newFolder()
    await leave(folder, { process: 'an earlier process of the same number' })
    const came = await Promise.allSettled(Array.from({ length: 8 }, () => lockRunFolder(folder)))
    expect(came.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('counts for nothing when its process has ended', async () => {
    const folder = newFolder()
    const { pid } = spawnSync(process.execPath, ['--version'])
    await leave(folder, { pid })
    await expectFree(folder)
  })

  it('counts for nothing when its number is another process now', async () => {
    const folder = newFolder()
    const other = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'])
    await leave(folder, { pid: other.pid })
    await expectFree(folder)
    other.kill('SIGKILL')
  })

  it.runIf(existsSync('/proc/self/stat'))(
    'counts for nothing when its process has ended and nobody has asked for its exit code',
    async () => {
      const folder = newFolder()
      const index = pathToFileURL(join(import.meta.dirname, '../../dist/index.js')).href
      const lock = `const { lockRunFolder } = await import('${index}'); await lockRunFolder('${folder}')`
      const ended = '"$0" --input-type=module --eval "$1" & exec "$0" --eval "setInterval(() => {}, 1000)"'
      const parent = spawn('sh', ['-c', ended, process.execPath, lock])
      await vi.waitUntil(() => existsSync(lockOf(folder)), { timeout: 60_000 })
      const { pid } = JSON.parse(await readFile(lockOf(folder), 'utf8')) as { pid: number }
      await vi.waitUntil(async () => / Z /.test(await readFile(`/proc/${pid}/stat`, 'utf8')), {
        timeout: 60_000,
      })
      await expectFree(folder)
      parent.kill('SIGKILL')
    },
  )

  it('counts for nothing when it is no lock', async () => {
    const folder = newFolder()
    await writeFile(lockOf(folder), '')
    await expectFree(folder)
  })

  it('of another machine is respected, and how to remove it is told', async () => {
    const folder = newFolder()
    await leave(folder, { host: `not-${hostname()}`, pid: 1 })
    await expect(lockRunFolder(folder)).rejects.toThrow(
      /process 1 on not-.*remove \S+run\.lock if it has ended$/,
    )
  })

  it('of a machine or container of the same name is respected, though no process of its number is here', async () => {
    const { pid } = spawnSync(process.execPath, ['--version'])
    const elsewhere = { machine: 'other', boot: '00000000-0000-4000-8000-000000000000', namespace: 'pid:[1]' }
    const folder = newFolder()
    await leave(folder, { pid, place: elsewhere })
    await expect(lockRunFolder(folder)).rejects.toThrow(
      /in another container or machine of this name.*remove \S+run\.lock if it has ended$/,
    )
  })

  it.runIf(existsSync('/proc/sys/kernel/random/boot_id'))(
    'of before the machine started anew counts for nothing; without a word of the machine it is respected',
    async () => {
      const folder = newFolder()
      await leave(folder, {})
      const { place, ...holder } = JSON.parse(await readFile(lockOf(folder), 'utf8')) as {
        place: Place
        pid: number
      }
      const boot = '00000000-0000-4000-8000-000000000000'
      const outside = 'pid:[4026531836]'
      if (place.machine !== null && place.namespace === outside) {
        await writeFile(lockOf(folder), JSON.stringify({ ...holder, place: { ...place, boot } }))
        await expectFree(folder)
      }
      await writeFile(lockOf(folder), JSON.stringify({ ...holder, process: `${boot} 1` }))
      await expect(lockRunFolder(folder)).rejects.toThrow(/another run is writing here/)
      for (const unknown of [{ machine: null }, { namespace: 'pid:[4026532000]' }]) {
        await writeFile(lockOf(folder), JSON.stringify({ ...holder, place: { ...place, boot, ...unknown } }))
        await expect(lockRunFolder(folder)).rejects.toThrow(/another run is writing here/)
      }
    },
  )

  it('is the same by whichever path the folder is reached', async () => {
    const folder = newFolder()
    const link = join(newFolder(), 'link')
    await symlink(folder, link)
    const { release } = await lockRunFolder(link)
    await expect(lockRunFolder(folder)).rejects.toThrow(/another run is writing here/)
    await release()
  })

  it('is noticed when it was taken over', async () => {
    const folder = newFolder()
    const lock = await lockRunFolder(folder)
    await lock.requireHeld()
    await rm(lockOf(folder))
    await expect(lock.requireHeld()).rejects.toThrow(/its run\.lock is gone/)
    const other = await lockRunFolder(folder)
    await expect(lock.requireHeld()).rejects.toThrow(
      /another run has taken it over \(process \d+ on .*\); this run stops/,
    )
    await lock.release()
    await other.requireHeld()
    await other.release()
  })

  it('leaves what another process has put in its place', async () => {
    const folder = newFolder()
    const { release } = await lockRunFolder(folder)
    await writeFile(lockOf(folder), 'of another')
    await release()
    expect(await readFile(lockOf(folder), 'utf8')).toBe('of another')
  })
})
