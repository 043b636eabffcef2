import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'

const program = fileURLToPath(new URL('../dist/http-server.js', import.meta.url))
const running: ChildProcess[] = []
let folder: string
let file: string
let server: ChildProcess
let address: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2l-http-'))
})

afterAll(() => rm(folder, { recursive: true }))

beforeEach(async () => {
  file = join(folder, `${running.length}.safetensors`)
  ;({ server, address } = await started(file))
})

afterEach(async () => {
  for (const child of running) if (child.exitCode === null) await ended(child)
})

async function started(classes: string) {
  const child = spawn(process.execPath, [program, classes, '0', 'emoji-conv64f'])
  running.push(child)
  const line = await new Promise<string>((done, fail) => {
    child.stdout.once('data', (data: Buffer) => done(data.toString()))
    child.once('exit', (code) => fail(new Error(`ended with ${code}`)))
  })
  expect(line).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+\n$/)
  return { server: child, address: line.trim().split(' ').at(-1)! }
}

function ended(child: ChildProcess): Promise<number | null> {
  const code = new Promise<number | null>((done) => child.once('exit', done))
  child.kill('SIGTERM')
  return code
}

function picture(colour: string): Promise<Buffer> {
  return sharp({ create: { width: 40, height: 40, channels: 3, background: colour } })
    .png()
    .toBuffer()
}

async function ask(path: string, { method = 'POST', body, type = 'image/png' }: Asked = {}) {
  const response = await fetch(address + path, {
    method,
    ...(body !== undefined && { body: new Uint8Array(body), headers: { 'content-type': type } }),
  })
  return { status: response.status, ...((await response.json()) as Answer) }
}

interface Asked {
  readonly method?: string
  readonly body?: Uint8Array
  readonly type?: string
}

interface Answer {
  readonly error?: string
  readonly label?: string
  readonly classes?: { readonly label: string; readonly images: number }[]
}

it('learns, classifies, saves, and starts again from the file', async () => {
  await ask('/classes/red', { body: await picture('#d02020') })
  await ask('/classes/red', { body: await picture('#b01010') })
  const added = await ask(`/classes/${encodeURIComponent('grün/🌿')}`, { body: await picture('#20a040') })
  const classes = [
    { label: 'red', images: 2 },
    { label: 'grün/🌿', images: 1 },
  ]
  expect(added).toEqual({ status: 201, classes })
  const question = { body: await picture('#c01818'), type: 'application/octet-stream' }
  const answer = await ask('/classify', question)
  expect(answer).toMatchObject({ status: 200, label: 'red', labels: ['red', 'grün/🌿'] })
  expect(await ask('/save')).toEqual({ status: 200, file, classes })
  expect(await ended(server)).toBe(0)
  ;({ server, address } = await started(file))
  expect(await ask('/classify', question)).toEqual(answer)
  expect(await ask('/classes/red', { method: 'DELETE' })).toMatchObject({
    status: 200,
    classes: [{ images: 1 }],
  })
  expect(await ask('/classes', { method: 'GET' })).toEqual({ status: 200, classes: classes.slice(1) })
})

it('says in JSON what is wrong with a request, and goes on', async () => {
  const body = await picture('#d02020')
  expect(await ask('/classify', { body })).toEqual({
    status: 400,
    error: 'there is no class; expected examples of at least two classes, to tell them apart',
  })
  expect(await ask('/classes/a', { body: Buffer.from('no picture') })).toMatchObject({
    status: 400,
    error: expect.stringMatching(/^image 1: is not a picture/) as string,
  })
  expect(await ask('/classes/a')).toMatchObject({
    status: 400,
    error: expect.stringMatching(/^the request has no body; expected a picture/) as string,
  })
  expect(await ask('/classes/a', { body: new Uint8Array(11 * 2 ** 20) })).toMatchObject({ status: 413 })
  for (const [path, status] of Object.entries({
    [`/classes/${'a'.repeat(300)}`]: 414,
    '/classes/%zz': 400,
  })) {
    const { error, ...refused } = await ask(path, { body })
    expect(refused).toEqual({ status })
    expect(error).toMatch(/\w/)
  }
  expect(await ask('/classes/none', { method: 'DELETE' })).toEqual({
    status: 404,
    error: 'there is no class none',
  })
  expect(await ask('/nothing', { method: 'GET' })).toEqual({ status: 404, error: 'there is no GET /nothing' })
  expect(await ask('/save')).toMatchObject({
    status: 400,
    error: expect.stringMatching(/no classes to save/) as string,
  })
  expect(await ask('/classes', { method: 'GET' })).toEqual({ status: 200, classes: [] })
})

it('says what was sent in place of a picture, and what to send', async () => {
  const body = await picture('#d02020')
  const told = (type: string) => ({
    status: 415,
    error: `the content type is ${type}; expected a picture as the body, with content type image/jpeg, image/png or the like, or application/octet-stream: curl --data-binary @photo.jpg -H 'content-type: image/jpeg'`,
  })
  // what curl says if nobody says otherwise, what its -F says, and what is no type at all
  const types = ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'jpeg']
  for (const path of ['/classify', '/classes/a']) {
    for (const type of types) expect(await ask(path, { body, type })).toEqual(told(JSON.stringify(type)))
  }
  const bare = await new Promise<string>((done, fail) => {
    const asked = request(`${address}/classify`, { method: 'POST' }, (response) => {
      response.setEncoding('utf8').once('data', done)
    })
    asked.on('error', fail).end(body)
  })
  expect(JSON.parse(bare)).toEqual({ error: told('none').error })
})

it('takes no more of a body than it says, also where its length is not told', async () => {
  const answer = await new Promise<number | undefined>((done) => {
    const asked = request(
      `${address}/classify`,
      { method: 'POST', headers: { 'content-type': 'image/png' } },
      (response) => {
        response.resume()
        done(response.statusCode)
      },
    )
    asked.on('error', () => done(undefined)) // the server closes what goes on regardless
    const part = Buffer.alloc(2 ** 20)
    for (let index = 0; index < 12; index++) asked.write(part)
    asked.end()
  })
  expect([413, undefined]).toContain(answer)
  expect(await ask('/classes', { method: 'GET' })).toEqual({ status: 200, classes: [] })
})

it('answers this computer alone, by its own name', async () => {
  const port = new URL(address).port
  const status = await new Promise<number | undefined>((done, fail) => {
    const headers = { host: `rebound.example:${port}` }
    request(`${address}/classes`, { headers }, (response) => done(response.resume().statusCode))
      .on('error', fail)
      .end()
  })
  expect(status).toBe(403)
  const others = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
  const beyond = others.filter(({ internal, family }) => !internal && family === 'IPv4')
  const reached = await Promise.all(
    beyond.map(({ address: at }) => fetch(`http://${at}:${port}/classes`).then(Boolean, () => false)),
  )
  expect(reached).not.toContain(true)
})

it('does what its README says with curl', async ({ skip }) => {
  const curl = await promisify(execFile)('curl', ['--version']).catch(() => undefined)
  if (!curl) skip()
  for (const [name, colour] of Object.entries({ cat1: '#d02020', dog1: '#20a040', new: '#c01818' })) {
    await writeFile(join(folder, `${name}.png`), await picture(colour))
  }
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const lines = readme.split('\n').filter((line) => line.startsWith('curl '))
  expect(lines).toHaveLength(6)
  const answers: Answer[] = []
  for (const line of lines) {
    const command = line
      .replace('http://127.0.0.1:8080', address)
      .replace('curl ', 'curl --silent --show-error --noproxy "*" ')
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { cwd: folder })
    answers.push(JSON.parse(stdout) as Answer)
  }
  expect(answers[2]!.classes).toEqual([
    { label: 'cat', images: 1 },
    { label: 'dog', images: 1 },
  ])
  expect(answers[3]).toMatchObject({ label: 'cat' })
  expect(answers[5]!.classes).toEqual([{ label: 'cat', images: 1 }])
})

it('tells its usage', async () => {
  await expect(promisify(execFile)(process.execPath, [program])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('usage: ') as string,
  })
})
