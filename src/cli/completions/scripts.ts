/**
 * The scripts that have a shell ask `cdktr complete`. That answers a line a candidate: the value, a tab, a few words on it.
 * A line `:files` or `:directories` has the shell offer those of the disk, too.
 */

/** The shells that there is a script for. */
export const shells = ["bash", "zsh", "fish", "powershell"] as const;

/** One of {@linkcode shells}. */
export type Shell = (typeof shells)[number];

const bash = `# Completions of cdktr for bash 3.2 and later; bash-completion is not needed.
# Put this into ~/.bashrc:  source <(cdktr completions bash)
_cdktr() {
  local line current=\${COMP_WORDS[COMP_CWORD]}
  case $current in =|:|@) current= ;; esac
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files)
        compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current") ;;
      :directories)
        compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$current") ;;
      *)
        COMPREPLY+=("\${line%%$'\\t'*}")
        case \${line%%$'\\t'*} in *=) compopt -o nospace 2>/dev/null ;; esac ;;
    esac
  done < <(cdktr complete bash -- "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
}
complete -o nosort -F _cdktr cdktr 2>/dev/null || complete -F _cdktr cdktr
`;

const zsh = `#compdef cdktr
# Completions of cdktr for zsh.
# Put this into ~/.zshrc, after compinit:  source <(cdktr completions zsh)
# or write it to a file _cdktr in a directory of $fpath.
_cdktr() {
  local value about files
  local -a values shown suffix
  while IFS=$'\\t' read -r value about; do
    case $value in
      (:files) files=_files ;;
      (:directories) files='_files -/' ;;
      (*) values+=("$value"); shown+=("$value\${about:+  -- $about}"); [[ $value == *= ]] && suffix=(-S '') ;;
    esac
  done < <(cdktr complete zsh --current="\${(Q)PREFIX}" -- "\${(@Q)words[2,CURRENT-1]}" 2>/dev/null)
  # -V: in the order given.
  (( $#values )) && compadd -V cdktr "\${suffix[@]}" -l -d shown -a values
  if [[ -n $files ]]; then
    [[ $PREFIX == --*=* ]] && compset -P 1 '*='
    \${=files}
  fi
}
if [[ $funcstack[1] == _cdktr ]]; then _cdktr "$@"; else compdef _cdktr cdktr; fi
`;

const fish = `# Completions of cdktr for fish.
# Write this to ~/.config/fish/completions/cdktr.fish
function __cdktr_complete
  set -l before (commandline -opc)
  set -e before[1]
  set -l current (commandline -ct)
  for line in (cdktr complete fish --current="$current" -- $before 2>/dev/null)
    switch $line
      case :files
        __fish_complete_path (string replace -r '^--[^=]*=' '' -- "$current")
      case :directories
        __fish_complete_directories (string replace -r '^--[^=]*=' '' -- "$current")
      case '*'
        echo $line
    end
  end
end
complete -c cdktr -e
complete -c cdktr -f -k -a '(__cdktr_complete)'
`;

const powershell = `# Completions of cdktr for PowerShell.
# Put this into $PROFILE:  cdktr completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName cdktr -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
  cdktr complete powershell "--current=$wordToComplete" -- @before 2>$null | ForEach-Object {
    $value, $about = $_ -split "\`t", 2
    if ($value -eq ':files' -or $value -eq ':directories') {
      [System.Management.Automation.CompletionCompleters]::CompleteFilename($wordToComplete) |
        Where-Object { $value -eq ':files' -or $_.ResultType -eq 'ProviderContainer' }
    } else {
      $written = if ($value -match '[^\\w./@:=,+%-]') { "'" + ($value -replace "['‘’‚‛]", '$0$0') + "'" } else { $value }
      if (-not $about) { $about = $value }
      [System.Management.Automation.CompletionResult]::new($written, $value, 'ParameterValue', $about)
    }
  }
}
`;

/** The script of each shell. */
export const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish, powershell };
