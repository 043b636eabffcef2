import { existsSync } from 'node:fs'
import { delimiter, join, normalize } from 'node:path'

/**
 * How a person can type this program: `m2l` where a shell finds it by that name, else `npx m2l`, as READMEs
 * have it and npx starts it. What npm adds to the path for its own commands is not there when a person types.
 */
export function programName(): 'm2l' | 'npx m2l' {
  return process.env.npm_command !== 'exec' && isFoundByShells() ? 'm2l' : 'npx m2l'
}

/** A text of libraries, which say `npx m2l`, with its commands as they can be typed here. */
export function asTyped(text: string): string {
  return text.replaceAll('npx m2l ', `${programName()} `)
}

/** A help text, whose usage and examples begin with `m2l`. Completion is of that name alone. */
export function helpAsTyped(text: string): string {
  return text.replaceAll(/^(Usage: m2l| {2}m2l(?! completion)) /gm, (start) =>
    start.replace('m2l', programName()),
  )
}

function isFoundByShells(): boolean {
  const ofNpm = join('node_modules', '.bin')
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  const names = process.platform === 'win32' ? ['m2l.cmd', 'm2l.exe'] : ['m2l']
  return folders
    .filter((folder) => !normalize(`${folder}/.`).endsWith(ofNpm))
    .some((folder) => names.some((name) => existsSync(join(folder, name))))
}
