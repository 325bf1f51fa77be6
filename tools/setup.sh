#!/bin/bash
# setup.sh [build] [run] [example] [test] [bench]
#
# Installs what is missing on a Debian 12 machine, as root, without questions. With everything there it does nothing and
# asks no package mirror. Without arguments: all groups but bench.
#
#   build    compiler, linker, checkers, headers of the libraries
#   run      what the running platform starts
#   example  what examples/techplay is built and deployed with
#   test     what the tests drive the platform with
#   bench    what the benchmarks measure with
#
# docs/dependencies.md says what each package is for.
set -euo pipefail

declare -A groups=(
  [build]='clang-19 clang-format-19 clang-tidy-19 libclang-rt-19-dev libstdc++-12-dev mold cmake ninja-build ccache
    doctest-dev libssl-dev libarchive-dev libsqlite3-dev libnghttp2-dev libnftables-dev zlib1g-dev python3'
  [run]='crun tini e2fsprogs skopeo passt'
  [example]='mmdebstrap busybox-static nodejs npm awscli python3 ca-certificates'
  [test]='python3 python3-boto3 awscli nodejs npm busybox-static crun runc tini e2fsprogs skopeo docker-registry slowhttptest openssl passt iproute2 nftables curl'
  [bench]='wrk curl podman runc nginx-light haproxy nghttp2-client openssl'
)

fail() {
  echo "setup: $*" >&2
  exit 1
}

# A machine may have these from another source than Debian; any that works will do.
there_as_command() {
  case $1 in
    nodejs) node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 18 || (a == 18 && b >= 18) ? 0 : 1)' ;;
    npm) there_as_command nodejs && npm --version ;;
    awscli) aws --version ;;
    *) return 1 ;;
  esac >/dev/null 2>&1
}

there_as_package() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

for group in "$@"; do
  [ -n "${groups[$group]:-}" ] || { sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 2; }
done
[ $# -gt 0 ] || set -- build run example test
command -v dpkg-query >/dev/null || fail "this is not Debian: install the packages of docs/dependencies.md by hand"

missing=()
# shellcheck disable=SC2086 # the lists are words
for package in $(for group in "$@"; do printf '%s\n' ${groups[$group]}; done | sort -u); do
  there_as_package "$package" || there_as_command "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

# shellcheck source=/dev/null
version=$(. /etc/os-release && echo "${ID:-unknown} ${VERSION_ID:-}")
[ "$version" = 'debian 12' ] || fail "this is $version, not Debian 12; install by hand what is missing: ${missing[*]}"
[ "$(id -u)" = 0 ] || fail "not root, and these packages are missing: ${missing[*]}"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
apt() { apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" </dev/null >"$log" 2>&1; }

# Where systemd runs, Debian's package would start a registry for everybody; the tests start their own.
if [[ " ${missing[*]} " == *' docker-registry '* ]] && command -v systemctl >/dev/null; then
  systemctl mask docker-registry.service >/dev/null 2>&1 || echo "setup: docker-registry.service could not be masked" >&2
fi

echo "setup: installing ${missing[*]}" >&2
# A broken third-party source must not stop us: whether the packages can be had is what counts.
apt update || echo "setup: some package sources could not be read; going on with the rest" >&2
apt install -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io "${missing[@]}" || {
  tail -n 30 "$log" >&2
  fail "apt-get could not install: ${missing[*]}"
}
for package in "${missing[@]}"; do
  there_as_package "$package" || there_as_command "$package" || fail "$package is still missing after its installation"
done
echo "setup: done in $SECONDS s" >&2
