/// <reference types="node" />
import { existsSync } from 'node:fs'
import { InputError } from '@m2l/engine'
import { FewShotClassifier } from '@m2l/m2l'
import fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify'

const [file, port = '8080', weights] = process.argv.slice(2)
if (file === undefined || !/^\d{1,5}$/.test(port)) {
  console.error('usage: http-server CLASSES.safetensors [PORT] [WEIGHTS]; the file need not be there yet')
  process.exit(2)
}

const classifier = existsSync(file)
  ? await FewShotClassifier.open(file)
  : await FewShotClassifier.load(weights)
const app = fastify({
  bodyLimit: 10 * 2 ** 20,
  routerOptions: { maxParamLength: 200 },
  frameworkErrors: (error, request, reply) => refuse(error, request, reply as FastifyReply),
})

// A picture is the body of a request, as it is: its content tells what it is.
const expected =
  "expected a picture as the body, with content type image/jpeg, image/png or the like, or application/octet-stream: curl --data-binary @photo.jpg -H 'content-type: image/jpeg'"
app.removeAllContentTypeParsers()
app.addContentTypeParser(/^(?:image\/|application\/octet-stream)/, { parseAs: 'buffer' }, (_, body, done) => {
  done(null, body)
})

// Pages of other sites may not ask, whatever name they give to this computer.
app.addHook('onRequest', async ({ hostname }, reply) => {
  if (!['localhost', '127.0.0.1'].includes(hostname)) return reply.code(403).send({ error: 'ask 127.0.0.1' })
})

app.setErrorHandler((error: FastifyError, request, reply) => refuse(error, request, reply))
app.setNotFoundHandler((request, reply) => {
  return reply.code(404).send({ error: `there is no ${request.method} ${request.url}` })
})

app.get('/classes', async () => ({ classes: classifier.classes }))

app.post<{ Params: { label: string } }>('/classes/:label', async ({ params, body }, reply) => {
  await classifier.add(params.label, [picture(body)])
  return reply.code(201).send({ classes: classifier.classes })
})

app.delete<{ Params: { label: string } }>('/classes/:label', async ({ params }, reply) => {
  const isThere = classifier.classes.some(({ label }) => label === params.label.normalize('NFC'))
  if (!isThere) return reply.code(404).send({ error: `there is no class ${params.label}` })
  classifier.remove(params.label)
  return { classes: classifier.classes }
})

app.post('/classify', async ({ body }) => {
  const [found] = await classifier.classify([picture(body)])
  return found
})

app.post('/save', async () => {
  await classifier.save(file)
  return { file, classes: classifier.classes }
})

function refuse(error: FastifyError, { headers }: Pick<FastifyRequest, 'headers'>, reply: FastifyReply) {
  const code = error instanceof InputError ? 400 : (error.statusCode ?? 500)
  if (code >= 500) console.error(error)
  const type = headers['content-type'] === undefined ? 'none' : JSON.stringify(headers['content-type'])
  const message = code === 415 ? `the content type is ${type}; ${expected}` : error.message
  return reply.code(code).send({ error: code < 500 ? message : 'the server failed; it says why' })
}

function picture(body: unknown): Buffer {
  if (Buffer.isBuffer(body) && body.length > 0) return body
  throw new InputError(`the request has no body; ${expected}`)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void app.close().then(() => classifier.dispose())
  })
}
try {
  console.log(`listening on ${await app.listen({ host: '127.0.0.1', port: Number(port) })}`)
} catch (error) {
  console.error(`port ${port} cannot be used: ${(error as Error).message}`)
  process.exit(2)
}
