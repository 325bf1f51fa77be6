#!/usr/bin/env bash
# lint.sh format    every source is formatted as .clang-format says
# lint.sh tidy      clang-tidy finds nothing in the units of build/address, where sources are compiled together: read so,
#                   they take a fraction of the time
# lint.sh alone     each source stands by itself, as build/dev compiles it, without a name that is not used: what shows
#                   only in a source that is not included by another
set -euo pipefail
cd "$(dirname "$0")/.."
tidy() { # BUILD OPTION... < files
  local build=$1
  shift
  xargs -P "$(nproc)" -n 1 clang-tidy-19 --quiet -p "$build" --config-file=.clang-tidy "$@" 2>/dev/null
}
case "${1:-}" in
  format) git ls-files 'src/*.hpp' 'src/*.cpp' 'tests/*.cpp' 'bench/*.cpp' | grep -v reflect_bindings |
            xargs -r clang-format-19 --dry-run -Werror ;;
  tidy) python3 -c 'import json; [print(each["file"]) for each in json.load(open("build/address/compile_commands.json"))]' |
          grep -E "^$PWD/src/|/Unity/" | grep -v '_test\.cpp$' | tidy build/address --checks=-bugprone-suspicious-include ;;
  alone) git ls-files 'src/*.cpp' | grep -v '_test\.cpp$' |
           tidy build/dev --checks='-*,clang-diagnostic-*,misc-unused-alias-decls,misc-unused-using-decls' ;;
  *) sed -n 2,6p "$0"; exit 2 ;;
esac
