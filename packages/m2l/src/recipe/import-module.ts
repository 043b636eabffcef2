import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, isAbsolute, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { BackboneDefinition } from '@m2l/backbones'
import { InputError } from '@m2l/engine'
import type { LevelDefinition } from '@m2l/metric'
import { z } from 'zod'
import { describeIssue, imageSizeSchema, normalisationSchema } from '@m2l/model'

/**
 * The level or backbone that a recipe imports: the default export of a module. A path is relative to the
 * recipe; a package is the one that a program beside the recipe would find. TypeScript is imported where
 * Node.js strips types.
 *
 * @throws {InputError} when there is no such module, it cannot be run, throws, or its default export is
 *   neither
 */
export async function importPart(
  name: string,
  recipeFile: string,
): Promise<LevelDefinition | BackboneDefinition> {
  const refuse = (words: string) => new InputError(`${recipeFile}: model.imports: ${words}`)
  const address = moduleAddress(name, recipeFile, refuse)
  let module: Readonly<Record<string, unknown>>
  try {
    module = (await import(address)) as Readonly<Record<string, unknown>>
  } catch (error) {
    throw refuse(`${name} cannot be imported: ${reasonOf(error, address)}`)
  }
  const part = module.default as Partial<LevelDefinition & BackboneDefinition> | null | undefined
  if (typeof part?.name === 'string' && typeof part.create === 'function' && part.options) {
    if (part.input === undefined) return part as LevelDefinition
    const input = backboneInputSchema.safeParse(part.input)
    if (input.success) return part as BackboneDefinition
    const where = { schema: backboneInputSchema, value: part.input, path: ['input'] }
    throw refuse(`backbone ${part.name} of ${name}: ${describeIssue(input.error.issues[0]!, where)}`)
  }
  const exported = Object.keys(module).filter((key) => key !== 'module.exports')
  throw refuse(
    `expected the default export of ${name} to be a level or a backbone (see defineLevel of @m2l/metric, defineBackbone of @m2l/backbones), found ${exported.includes('default') ? 'something else' : exported.length > 0 ? `none, only ${exported.join(', ')}` : 'no export at all'}`,
  )
}

/** What a backbone has to say of its input, so that a mistake is told before a picture is read. */
const backboneInputSchema = z.strictObject({
  size: imageSizeSchema,
  normalisation: normalisationSchema,
  frame: z.union([
    z.literal('square'),
    z.strictObject({ square: z.number().min(1) }),
    z.strictObject({ shorterSide: z.number().min(1) }),
  ]),
  filter: z.enum(['bilinear', 'bicubic']).optional(),
})

type Refuse = (words: string) => InputError

function moduleAddress(name: string, recipeFile: string, refuse: Refuse): string {
  if (/^(https?|data|blob|ftp):/i.test(name)) {
    throw refuse(
      `${name} is an address; modules are imported from files and packages: save it beside the recipe and name the file`,
    )
  }
  const isPath = name.startsWith('.') || isAbsolute(name) || name.startsWith('file:')
  if (isPath) return addressOfFile(name, recipeFile, refuse)
  if (name.startsWith('node:')) return name
  try {
    return pathToFileURL(createRequire(recipeFile).resolve(name)).href
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return name // for import alone
    const hint = existsSync(resolve(dirname(recipeFile), name))
      ? `for the file beside the recipe write ./${name}`
      : `install it beside the recipe (npm install ${name}), or name a file, such as ./module.js`
    throw refuse(`there is no package ${name}; ${hint}`)
  }
}

function addressOfFile(name: string, recipeFile: string, refuse: Refuse): string {
  const file = name.startsWith('file:') ? fileURLToPath(name) : resolve(dirname(recipeFile), name)
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found) {
    throw refuse(`${name} cannot be imported: Cannot find module ${file}; paths are relative to the recipe`)
  }
  if (found.isDirectory())
    throw refuse(`${name} is a folder; name a file in it, such as ${name.replace(/\/$/, '')}/index.js`)
  const ending = extname(file)
  if (/^\.[jt]sx$/i.test(ending)) {
    throw refuse(`${name}: Node.js runs no ${ending} files; compile it to JavaScript and name the .js file`)
  }
  if (/^\.[cm]?ts$/i.test(ending) && !stripsTypes()) {
    throw refuse(
      `${name} is TypeScript, which this Node.js (${process.version}) does not run; compile it to JavaScript (tsc) and name the .js file, or use Node.js 22.18 or later`,
    )
  }
  return pathToFileURL(file).href
}

/** Whether this Node.js runs TypeScript by leaving out its types. */
function stripsTypes(): boolean {
  return Boolean((process.features as { readonly typescript?: string | false }).typescript)
}

/** Why an import failed, in one line, with the place of what is wrong where it is known. */
function reasonOf(error: unknown, address: string): string {
  if (!(error instanceof Error)) return `it throws ${JSON.stringify(error) ?? String(error)}`
  const [message] = error.message.split('\n')
  const { code, stack = '' } = error as NodeJS.ErrnoException
  const place = placeIn(stack)
  const where = place === undefined ? '' : ` (${place})`
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    return `${message}; compile it to JavaScript and name the .js file`
  }
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return `${message}${where}; Node.js only leaves out types, so compile it to JavaScript and name the .js file`
  }
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING') {
    return 'Node.js runs no TypeScript of packages; its package has to be compiled to JavaScript'
  }
  if (error instanceof SyntaxError || code === 'ERR_INVALID_TYPESCRIPT_SYNTAX') {
    const found = place ?? placeOfSyntaxError(address)
    return `syntax error: ${message}${found === undefined ? '' : ` (${found})`}`
  }
  if (code?.startsWith('ERR_')) return message ?? code
  return `it throws ${error.name}: ${message}${where}`
}

/**
 * Node.js says where a module cannot be parsed only when it ends with that. Nothing of the module is run:
 * parsing comes before.
 */
function placeOfSyntaxError(address: string): string | undefined {
  const program = ['--input-type=module', '--eval', `await import(${JSON.stringify(address)})`]
  const { stderr } = spawnSync(process.execPath, program, { encoding: 'utf8', timeout: 10_000 })
  return placeIn(stderr ?? '')
}

/** The file and line that a stack speaks of first, but for those of Node.js. */
function placeIn(stack: string): string | undefined {
  const match = /(file:\/\/\/[^\s():]+|(?<=^|[\s(])\/[^\s():]+):(\d+)/m.exec(stack)
  if (!match) return undefined
  const [, file, line] = match as unknown as [string, string, string]
  return `${file.startsWith('file:') ? fileURLToPath(file) : file} line ${line}`
}
