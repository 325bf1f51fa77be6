#!/usr/bin/env bash
# How long a month of the example takes in virtual time: two services of 6 tasks, one reclaim an hour, health checks included.
set -euo pipefail
cd "$(dirname "$0")/.."
time "${UTAKATA_PROGRAM:-build/release/utakata}" sim --example --days 30 --seed "${1:-1}"
