#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The ctest test rdma/run: finds out where RDMA tests can run, and runs them there, unless that is this host itself.
#  - This host has a usable RDMA device: the tests of layout one_host run here, each in its own ctest test.
#  - It has none, but its kernel can make one (rxe.sh): the same.
#  - Else, and for the other layouts, guests are booted, one batch for each layout.
# Ends with 77 (skipped) where none of this can be done, and says why. What it found is in $TUTTI_RDMA_FOLDER:
# `where` (host or guest), `why_not` (only if skipped), and for each layout a folder with the guests' consoles and
# results/TEST.{out,rc}.
#
# usage: run.sh PROBE
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
probe=$1 folder=$TUTTI_RDMA_FOLDER kernel=$TUTTI_RDMA_KERNEL
rm -rf "$folder"/{where,why_not,one_host,two_devices,two_hosts}
mkdir -p "$folder/programs"

layouts_in_use() { sed -n 's/^layout=//p' "$folder"/programs/* 2>/dev/null | sort -u; }

# Says why no guest can be booted; nothing if one can.
why_no_guest() {
  if ! command -v qemu-system-x86_64 >/dev/null; then
    echo "qemu-system-x86_64 is not installed"
  elif [[ ! -s $kernel/vmlinuz || ! -s $kernel/initramfs.gz ]]; then
    echo "there is no kernel to boot in $kernel (tests/softroce/kernel.sh makes it)"
  fi
}

# All layouts together have so many seconds, booting included: what one does not need, the next one may take.
readonly kSeconds=840
limit() {
  local left=$((kSeconds - SECONDS - ($1 ? 240 : 0)))
  echo $((left > 30 ? left : 30))  # 0 would mean for ever
}

echo guest >"$folder/where"
if "$probe" || { "$here/rxe.sh" add && "$probe"; }; then
  echo host >"$folder/where"
  echo "the tests of layout one_host run on this host's own device"
fi
where=$(<"$folder/where")
why_no_guest=$(why_no_guest)
if [[ -n $why_no_guest ]]; then
  echo "no emulated guest: $why_no_guest; ./dev setup gets what is needed" | tee "$folder/why_not"
  [[ $where == host ]] && exit 0
  exit 77
fi

result=0
first=1
for layout in $(layouts_in_use); do
  if [[ $layout == one_host && $where == host ]]; then continue; fi
  case $layout in
    one_host) options=() ;;
    two_devices) options=(--devices 2) ;;
    two_hosts) options=(--guests 2 --devices 2) ;;
    *) echo "run.sh: there is no layout $layout" >&2; exit 2 ;;
  esac
  echo "== layout $layout"
  rc=0
  "$here/boot.sh" "${options[@]}" --timeout "$(limit "$first")" --job "$folder/$layout" --kernel "$kernel" -- \
    "$here/batch.sh" "$layout" "$folder/programs" || rc=$?
  # batch.sh itself ends well whatever the tests do: they tell their own results. Where a guest came to its end too early, the
  # tests that it did not come to fail, each with the guest's last words; where it came to none, this one does.
  if ((rc != 0)); then
    echo "the guests of layout $layout ended with status $rc before all tests had run"
    compgen -G "$folder/$layout/results/*.rc*" >/dev/null || result=1
  fi
  first=0
done
exit "$result"
