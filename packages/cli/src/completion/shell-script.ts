/** The shells that can complete the words of a command. */
export const shells = ['bash', 'zsh', 'fish'] as const

export type Shell = (typeof shells)[number]

/**
 * The script that a shell reads at its start. It asks `m2l complete-words SHELL -- WORD…` for what may stand
 * in the place of the last word, and completes names of files where that says nothing. Words are passed on as
 * they are, never evaluated.
 */
export const shellScripts: Readonly<Record<Shell, string>> = {
  bash: `# Completion of m2l for bash: put this into ~/.bashrc
#   source <(m2l completion bash)
_m2l() {
  local IFS=$'\\n'
  COMPREPLY=($(m2l complete-words bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _m2l m2l
`,
  zsh: `#compdef m2l
# Completion of m2l for zsh: put this into ~/.zshrc, after compinit
#   source <(m2l completion zsh)
_m2l() {
  local -a found
  found=("\${(@f)$(m2l complete-words zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then
    _describe m2l found
  else
    _files
  fi
}
compdef _m2l m2l
`,
  fish: `# Completion of m2l for fish: put this into ~/.config/fish/config.fish
#   m2l completion fish | source
function _m2l
  set -l typed (commandline -opc)
  set -l current (commandline -ct)
  set -l found (m2l complete-words fish -- $typed[2..-1] "$current" 2>/dev/null)
  if set -q found[1]
    printf '%s\\n' $found
  else
    __fish_complete_path "$current"
  end
end
complete -c m2l -f -a '(_m2l)'
`,
}

/** A word that may be typed, and what it means. */
export interface Candidate {
  readonly word: string
  readonly description?: string
}

/** Candidates as a shell's script takes them, one a line. */
export function candidateLines(shell: Shell, candidates: readonly Candidate[]): string {
  return candidates.map((candidate) => `${lineOf(shell, candidate)}\n`).join('')
}

function lineOf(shell: Shell, { word, description = '' }: Candidate): string {
  if (shell === 'bash' || description === '') return shell === 'zsh' ? word.replaceAll(':', '\\:') : word
  if (shell === 'fish') return `${word}\t${description}`
  return `${word.replaceAll(':', '\\:')}:${description}`
}
