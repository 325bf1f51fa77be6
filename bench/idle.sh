#!/usr/bin/env bash
# What an idle daemon costs: resident memory, share of a core over a minute, and the largest supervisor's resident memory.
#   bench/idle.sh DAEMON_PID [SECONDS]
set -euo pipefail
pid=${1:?the process id of utakata serve}
seconds=${2:-60}
ticks() { awk '{sub(/^.*\) /, ""); print $12 + $13}' "/proc/$pid/stat"; }
before=$(ticks)
sleep "$seconds"
after=$(ticks)
awk -v t=$((after - before)) -v s="$seconds" -v hz="$(getconf CLK_TCK)" 'BEGIN {printf "processor: %.2f %% of a core over %d s\n", 100 * t / hz / s, s}'
awk '/VmRSS/ {printf "daemon: %.1f MB resident\n", $2 / 1024}' "/proc/$pid/status"
largest=0 count=0
for process in $(pgrep -f '^[^ ]*utakata-supervisor'); do
  size=$(awk '/VmRSS/ {print $2}' "/proc/$process/status" 2>/dev/null || echo 0)
  count=$((count + 1))
  [ "${size:-0}" -gt "$largest" ] && largest=$size
done
awk -v k="$largest" -v n="$count" 'BEGIN {printf "supervisors: %d, the largest %.1f MB resident\n", n, k / 1024}'
