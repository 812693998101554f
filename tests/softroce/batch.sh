#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In a guest: runs every test of every program of a layout, each in a process of its own and in limited time, and writes
# $SOFTROCE_JOB/results/TEST.{out,rc}. With two guests both run the same tests at the same time, and both must pass.
#
# usage: batch.sh LAYOUT FOLDER-OF-PROGRAMS
set -uo pipefail
layout_here=$1 programs=$2
results=$SOFTROCE_JOB/results
mkdir -p "$results"

# Tests of a GoogleTest program that a filter lets pass: "Suite.Case", one a line.
tests_of() {
  "$1" --gtest_list_tests --gtest_filter="$2" | sed 's/ *#.*//' | awk '/^[^ ]/ {suite = $1; next} {print suite $1}'
}

# Both guests wait here for each other, up to a minute.
meet() {
  ((SOFTROCE_GUESTS > 1)) || return 0
  local i
  touch "$results/$1.at$SOFTROCE_GUEST"
  for ((i = 0; i < 600; ++i)); do
    [[ -e $results/$1.at$((1 - SOFTROCE_GUEST)) ]] && return 0
    sleep 0.1
  done
  echo "the other guest did not come to $1"
  return 1
}

# run_one PROGRAM NAME TIMEOUT ENVIRONMENT TEST
run_one() {
  local file=${2}%${5//\//%} rc=0 suffix='' started=$SECONDS
  if ((SOFTROCE_GUESTS > 1)); then suffix=.guest$SOFTROCE_GUEST; fi
  meet "$file" || return 1
  timeout -k 5 "$3" env $4 "$1" "--gtest_filter=$5" >"$results/$file.out$suffix" 2>&1 </dev/null || rc=$?
  ((rc != 124 && rc != 137)) || echo "stopped after $3 s" >>"$results/$file.out$suffix"
  echo "$rc" >"$results/$file.rc$suffix"
  if ((SOFTROCE_GUEST == 0)); then printf '%4d s  %3d  %s\n' $((SECONDS - started)) "$rc" "$5"; fi
}
export -f run_one meet
export results

for file in "$programs"/*; do
  . "$file" # layout, timeout, program, filter, environment
  [[ $layout == "$layout_here" ]] || continue
  while read -r test; do
    printf '%s\0' "$program" "$(basename "$file")" "$timeout" "$environment" "$test"
  done < <(tests_of "$program" "$filter") | xargs -0 -r -n 5 -P $((SOFTROCE_GUESTS > 1 ? 1 : 2)) bash -c 'run_one "$@"' run_one
done
echo "all run"
