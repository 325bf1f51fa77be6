#!/usr/bin/env bash
# Requests a second of ListClusters and RegisterTaskDefinition over keep-alive with 16 connections: utakata against
# moto_server, in turn, in one run. Prints both and the ratio. Every write of utakata is durable before it is answered.
#   bench/api.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-10}
utakata=${UTAKATA_PROGRAM:-build/release/utakata}
command -v wrk >/dev/null || { echo "bench: wrk is not installed" >&2; exit 1; }
state=$(mktemp -d /tmp/utakata-bench.XXXXXX)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$state"
}
trap finish EXIT

"$utakata" serve --state "$state" --listen 127.0.0.1:0 --images "$state" --balancer-address 127.0.0.77 >"$state/log" 2>&1 &
pids+=($!)
until [ -s "$state/endpoint" ]; do sleep 0.1; done
ours=$(cat "$state/endpoint")
theirs=
if command -v moto_server >/dev/null; then
  theirs=http://127.0.0.1:5599
  moto_server -p 5599 >/dev/null 2>&1 &
  pids+=($!)
  until curl -s -o /dev/null "$theirs"; do sleep 0.2; done
fi

measure() { # URL OPERATION
  OPERATION=$2 wrk -t1 -c16 -d"${seconds}s" --latency -s bench/api.lua "$1" 2>&1 |
    awk '/Requests\/sec/ {r=$2} /99%/ {p=$2} /Non-2xx/ {n=$NF} END {printf "%s %s %s\n", r, p, n+0}'
}
for operation in ListClusters RegisterTaskDefinition; do
  read -r our_rate our_p99 our_bad < <(measure "$ours" "$operation")
  line="$operation: utakata $our_rate/s p99 $our_p99 ($our_bad not 2xx)"
  if [ -n "$theirs" ]; then
    read -r their_rate their_p99 their_bad < <(measure "$theirs" "$operation")
    line+=", moto_server $their_rate/s p99 $their_p99 ($their_bad not 2xx), ratio $(awk "BEGIN {printf \"%.1f\", $our_rate / $their_rate}")"
  else
    line+=", moto_server is not installed"
  fi
  echo "$line"
done
