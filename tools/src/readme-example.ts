import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lexer, type Tokens } from 'marked'

/** The first `ts` fence of the README in `folder`; nothing when there is no README or no such fence. */
export function readmeExample(folder: string): string | undefined {
  return fences(folder)[0]
}

/** That fence and those after it that are whole programs, as they begin with an import. */
export function readmeExamples(folder: string): string[] {
  return fences(folder).filter((text, index) => index === 0 || text.startsWith('import '))
}

function fences(folder: string): string[] {
  const path = join(folder, 'README.md')
  if (!existsSync(path)) return []
  const isExample = (token: { type: string }): token is Tokens.Code =>
    token.type === 'code' && (token as Tokens.Code).lang === 'ts'
  return lexer(readFileSync(path, 'utf8'))
    .filter(isExample)
    .map(({ text }) => text)
}
