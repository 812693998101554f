#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Stands before an RDMA test program in ctest: lists its tests as it would, and instead of running one, tells how it
# ended in the batch that rdma/run started; where the tests run on this host itself, runs it.
#
# usage: report.sh FOLDER NAME PROGRAM [GoogleTest's options]
set -euo pipefail
folder=$1 name=$2
shift 2
for argument in "$@"; do
  case $argument in
    --gtest_list_tests) exec "$@" ;;
    --gtest_filter=*) test=${argument#*=} ;;
  esac
done
layout=$(sed -n 's/^layout=//p' "$folder/programs/$name")
if [[ $layout == one_host && $(cat "$folder/where" 2>/dev/null) == host ]]; then
  # shellcheck disable=SC2046  # assignments are words
  exec env $(sed -n "s/^environment='\(.*\)'$/\1/p" "$folder/programs/$name") "$@"
fi
if [[ -s $folder/why_not ]]; then
  echo "skipped: $(<"$folder/why_not")"
  exit 77
fi

result=$folder/$layout/results/$name%${test//\//%}
found=()
for rc in "$result.rc" "$result.rc.guest0" "$result.rc.guest1"; do
  [[ ! -e $rc ]] || found+=("$rc")
done
if ((${#found[@]} == 0)); then
  echo "the guest did not come to this test: it ended before, or time ran out (840 s for all). Its last words:"
  tail -n 15 "$folder/$layout"/guest*.{out,console} 2>/dev/null || true
  exit 1
fi
status=0
for rc in "${found[@]}"; do
  out=${rc/%.rc/.out}
  out=${out/.rc.guest/.out.guest}
  [[ $rc == *.rc ]] || echo "== ${rc##*.}"
  cat "$out"
  code=$(<"$rc")
  ((code == 0)) || status=1
done
if [[ ${#found[@]} == 1 && $layout == two_hosts ]]; then
  echo "only one of the two guests came to this test"
  status=1
fi
exit "$status"
