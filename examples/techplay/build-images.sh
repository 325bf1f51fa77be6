#!/bin/bash
# build-images.sh OUTDIR
#
# Builds the example's images without a registry: Debian packages by mmdebstrap, the front by npm. Leaves one OCI layout
# per image (OUTDIR/techplay-front, -nginx, -php), each with the tags graceful and careless.
#
# A second run in an unchanged tree does nothing; after a change only the layers concerned are made anew. Newer packages
# of the distribution are no change: remove OUTDIR/.cache to take them in.
# DEBIAN_MIRROR names another package mirror than mmdebstrap's own.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
oci=$here/../../tools/oci_image.py
suite=bookworm
images=(techplay-front techplay-nginx techplay-php)
declare -A packages=(
  [base]='busybox-static dash libc6'
  [nginx]='nginx-light'
  [php]='php8.2-fpm systemd-standalone-tmpfiles'
  [node]='nodejs'
)
# What no container here reads. /dev is the runtime's.
excluded=(dev proc sys etc/apt var/lib/apt var/lib/dpkg var/cache var/log/apt usr/share/doc usr/share/man
  usr/share/locale usr/share/info usr/share/lintian usr/share/bug usr/share/nodejs/@types usr/include
  'usr/bin/perl*' 'usr/lib/*/perl' 'usr/lib/*/perl-base' 'usr/lib/*/libperl*' 'usr/share/perl*' 'usr/lib/*/gconv')

if [ $# -ne 1 ] || [ "${1#-}" != "$1" ]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0"
  exit 2
fi
mkdir -p "$1"
out=$(cd "$1" && pwd)
cache=$out/.cache
mkdir -p "$cache"

say() { echo "build-images: $*" >&2; }

# The names and contents of everything below the given paths, in one hash.
hash_of() {
  find "$@" \( -name node_modules -o -name .next \) -prune -o -type f -print0 | LC_ALL=C sort -z |
    xargs -0 sha256sum | sed "s| $here/| |" | sha256sum | cut -c1-16
}

# layer NAME KEY MAKER: makes the layer NAME with the function MAKER, unless the cache has it under this KEY.
layer() {
  local name=$1 key=$2 maker=$3 began=$SECONDS
  if [ "$(cat "$cache/$name.key" 2>/dev/null)" = "$key" ] && [ -e "$cache/$name.tar.gz.json" ]; then return; fi
  rm -f "$cache/$name.key"
  "$maker" "$name"
  echo "$key" >"$cache/$name.key"
  say "layer $name: $(du -h "$cache/$name.tar.gz" | cut -f1) in $((SECONDS - began)) s"
}

unpack_packages() {
  mmdebstrap --quiet --variant=extract --include="${packages[$1]// /,}" "$suite" "$work/$1.tar" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
}

make_base() {
  unpack_packages base
  mkdir -p "$work/base"/{bin,etc,root,run,tmp,var/tmp,var/www,var/log,var/lib,app,proc,sys,dev}
  tar -C "$work" -xf "$work/base.tar" ./bin/busybox
  local applet
  for applet in $("$work/bin/busybox" --list); do
    [[ $applet = busybox || $applet = sh ]] || ln -s /bin/busybox "$work/base/bin/$applet"
  done
  ln -s dash "$work/base/bin/sh"
  "$oci" layer "$cache/base.tar.gz" "${excluded[@]/#/--exclude=}" "$work/base.tar" "$work/base" "$here/recipes/base"
}

make_packages() {
  unpack_packages "$1"
  mkdir -p "$work/$1/var/log/nginx" "$work/$1/var/lib/nginx" "$work/$1/run/php"
  "$oci" layer "$cache/$1.tar.gz" --without "$cache/base.tar.gz" "${excluded[@]/#/--exclude=}" "$work/$1.tar" "$work/$1"
}

make_files() { "$oci" layer "$cache/$1.tar.gz" "$here/recipes/${1%-app}"; }

make_front() {
  mkdir -p "$work/front"
  tar -C "$here/front" --exclude=./node_modules --exclude=./.next -cf - . | tar -C "$work/front" -xf -
  (
    cd "$work/front"
    unset NODE_ENV
    BUILD_ID=$(hash_of "$here/front")
    export BUILD_ID NEXT_TELEMETRY_DISABLED=1 CI=1
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    node node_modules/next/dist/bin/next build
    cp -r .next/static .next/standalone/.next/static
    cp drain.cjs .next/standalone/
    # Next.js writes down where it was built; the image must not depend on it.
    grep -rlF "$work/front" .next/standalone | xargs -r sed -i "s|$work/front|/app|g"
  ) >"$work/front.log" 2>&1 || { cat "$work/front.log" >&2; say "the front did not build"; exit 1; }
  "$oci" layer "$cache/front-app.tar.gz" "$work/front/.next/standalone:/app"
}

key=$(hash_of "$here/recipes" "$here/front" "$here/build-images.sh" "$oci")
if [ "$(cat "$out/.key" 2>/dev/null)" = "$key" ]; then
  whole=1
  for image in "${images[@]}"; do [ -e "$out/$image/index.json" ] || whole=0; done
  if [ $whole = 1 ]; then exit 0; fi
fi
for tool in mmdebstrap npm node python3; do
  command -v $tool >/dev/null || { say "$tool is missing; tools/setup.sh example installs it"; exit 1; }
done
work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
umask 022

tool=$(hash_of "$oci")
shape="$suite ${excluded[*]} $tool"
base="$shape ${packages[base]} $(hash_of "$here/recipes/base")"
layer base "$base" make_base
for name in nginx php node; do layer $name "$base ${packages[$name]}" make_packages; done
layer nginx-app "$tool $(hash_of "$here/recipes/nginx")" make_files
layer php-app "$tool $(hash_of "$here/recipes/php")" make_files
layer php-graceful "$tool $(hash_of "$here/recipes/php-graceful")" make_files
layer front-app "$tool $(hash_of "$here/front")" make_front
for image in "${images[@]}"; do "$oci" layout "$out/$image" "$here/recipes/$image.json" --layers "$cache"; done
echo "$key" >"$out/.key"
say "the images are in $out"
