#!/bin/sh
# Builds cdktr as single executables into dist/. `./compile.sh --help` says how.
set -eu
cd "$(dirname "$0")"
version=2.9.6
if command -v deno >/dev/null && deno --version | grep -q "^deno $version "; then
  exec deno run -A --quiet tools/compile.ts "$@"
fi
exec npx -y "deno@$version" run -A --quiet tools/compile.ts "$@"
