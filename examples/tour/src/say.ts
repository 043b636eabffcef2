const width = 80

export function heading(text: string): void {
  console.log(`\n${text}\n`)
}

/** Prints a paragraph in lines that fit a terminal. */
export function say(paragraph: string): void {
  const lines: string[] = []
  let line = ''
  for (const word of paragraph.trim().split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  console.log([...lines, line].join('\n'))
}

/** Prints items as they are, a line each. */
export function list(items: readonly string[]): void {
  console.log(items.map((item) => `  ${item}`).join('\n'))
}

/** @param share of 1 */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
