import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lexer, type Tokens } from 'marked'

/** The first `ts` fence of the README in `folder`; nothing when there is no README or no such fence. */
export function readmeExample(folder: string): string | undefined {
  const path = join(folder, 'README.md')
  if (!existsSync(path)) return undefined
  const isExample = (token: { type: string }): token is Tokens.Code =>
    token.type === 'code' && (token as Tokens.Code).lang === 'ts'
  return lexer(readFileSync(path, 'utf8')).find(isExample)?.text
}
