#!/bin/bash
# build-test-images.sh OUTDIR
#
# Makes the image the platform's own tests run, as an OCI layout: OUTDIR/busybox with the tag latest. It holds Debian's
# busybox-static with a link for each applet, and a few accounts. Takes about a second; does nothing if it is there.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
oci=$here/../../tools/oci_image.py
[ $# -eq 1 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2; }
busybox=/bin/busybox
[ "$(dpkg-query -W -f='${db:Status-Status}' busybox-static 2>/dev/null)" = installed ] ||
  { echo "build-test-images: busybox-static is missing; tools/setup.sh test installs it" >&2; exit 1; }
mkdir -p "$1"
out=$(cd "$1" && pwd)

key=$(cat "$0" "$oci" "$busybox" | sha256sum | cut -c1-16)
if [ "$(cat "$out/.busybox-key" 2>/dev/null)" = "$key" ] && [ -e "$out/busybox/index.json" ]; then exit 0; fi
work=$(mktemp -d "$out/.work.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
mkdir -p "$work/root"/{bin,etc,root,tmp,run,proc,sys,dev,var/tmp}
cp "$busybox" "$work/root/bin/busybox"
for applet in $("$busybox" --list); do
  [ "$applet" = busybox ] || ln -s busybox "$work/root/bin/$applet"
done
printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$work/root/etc/passwd"
printf 'root:x:0:\napp:x:1000:\nnogroup:x:65534:\n' >"$work/root/etc/group"
cat >"$work/spec.json" <<'END'
{"latest": {"layers": ["busybox"], "config": {"Env": ["PATH=/bin"], "Cmd": ["/bin/sh"], "WorkingDir": "/"}}}
END
"$oci" layer "$work/busybox.tar.gz" "$work/root"
"$oci" layout "$out/busybox" "$work/spec.json" --layers "$work"
echo "$key" >"$out/.busybox-key"
