const longest = 2000

/**
 * A message as one line that does no harm to a terminal: characters that would end the line or command a
 * terminal become `?`, and of more than 2000 characters the middle is left out.
 */
export function oneLine(message: string): string {
  const line = message.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?')
  return line.length <= longest ? line : `${line.slice(0, longest - 500)} … ${line.slice(-400)}`
}
