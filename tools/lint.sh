#!/usr/bin/env bash
# lint.sh format         every source is formatted as .clang-format says
# lint.sh tidy [BUILD]   clang-tidy finds nothing in what BUILD (build/address) compiles; built before, where sources
#                        are compiled together it reads them together, which takes a fraction of the time
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
  format) git ls-files 'src/*.hpp' 'src/*.cpp' 'tests/*.cpp' 'bench/*.cpp' | grep -v reflect_bindings |
            xargs -r clang-format-19 --dry-run -Werror ;;
  tidy) build=${2:-build/address}
        python3 -c 'import json, sys; [print(each["file"]) for each in json.load(open(sys.argv[1]))]' "$build/compile_commands.json" |
          grep -E "^$PWD/src/|/Unity/" | grep -v '_test\.cpp$' |
          xargs -P "$(nproc)" -n 1 clang-tidy-19 --quiet -p "$build" --config-file=.clang-tidy \
            --checks=-bugprone-suspicious-include 2>/dev/null ;;
  *) sed -n 2,4p "$0"; exit 2 ;;
esac
