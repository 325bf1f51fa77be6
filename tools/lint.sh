#!/usr/bin/env bash
# lint.sh format   every source is formatted as .clang-format says
# lint.sh tidy     clang-tidy finds nothing in the sources of the dev build
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
  format) git ls-files 'src/*.hpp' 'src/*.cpp' 'tests/*.cpp' 'bench/*.cpp' | grep -v reflect_bindings |
            xargs -r clang-format-19 --dry-run -Werror ;;
  tidy) git ls-files 'src/*.cpp' | grep -v _test.cpp | xargs -P "$(nproc)" -n 4 clang-tidy-19 --quiet -p build/dev 2>/dev/null ;;
  *) sed -n 2,3p "$0"; exit 2 ;;
esac
