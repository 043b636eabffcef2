import { table, type Section } from '@m2l/report'

/** What a person should know before the numbers below are believed; no section where there is nothing. */
export function notesSection(notes: readonly string[]): Section[] {
  if (notes.length === 0) return []
  const content = table({ columns: ['note'], rows: notes.map((note) => [note]) })
  return [{ title: 'What to know', note: 'Of the weights, compared with the recipe and the data.', content }]
}
