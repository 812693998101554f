#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Boots one or two emulated guests with RDMA devices, runs a command in each (with the host's files), and ends with the
# command's exit status. A guest that panics, hangs or takes too long ends with a sentence and the end of its console.
#
# usage: boot.sh [--guests 1|2] [--devices 1|2] [--timeout SECONDS] [--job FOLDER] --kernel FOLDER -- COMMAND..
#        boot.sh --kernel FOLDER --shell          a shell in a guest, on this terminal
# With two guests each is a host; they share a network, and $SOFTROCE_GUEST (0 or 1) tells which one the command is in.
# The job's folder gets guestN.console, guestN.out and guestN.rc. The guests can write there, and nowhere else.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

guests=1 devices=1 timeout=120 job='' kernel='' shell=0 temporary=''
while (($#)); do
  case $1 in
    --guests) guests=$2; shift 2 ;;
    --devices) devices=$2; shift 2 ;;
    --timeout) timeout=$2; shift 2 ;;
    --job) job=$2; shift 2 ;;
    --kernel) kernel=$2; shift 2 ;;
    --shell) shell=1; shift ;;
    --) shift; break ;;
    *) echo "boot.sh: what is $1?" >&2; exit 2 ;;
  esac
done

pids=()
end_all() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$sockets"
  [[ -z $temporary ]] || rm -rf "$temporary"
}
sockets=$(mktemp -d)  # their paths must be short
trap end_all EXIT
trap 'exit 130' INT TERM HUP

if [[ -z $job ]]; then
  temporary=$(mktemp -d)
  job=$temporary
fi
mkdir -p "$job"
job=$(cd "$job" && pwd)
rm -f "$job"/guest?.{rc,out,console}
{
  printf 'GUEST_MAIN=%q\nJOB=%q\nDIRECTORY=%q\n' "$here/guest_main.sh" "$job" "$PWD"
  ((!shell)) || printf 'SHELL_SIZE=%q\n' "$(stty size 2>/dev/null | awk '{print "rows", $1, "cols", $2}')"
  printf 'COMMAND=%q\n' "$(printf '%q ' "$@")"
} >"$job/settings"

# start GUEST: boots it, in the background but for a shell.
start() {
  local guest=$1 console=(-serial "file:$job/guest$guest.console") net=() run=(timeout -k 5 "$timeout")
  if ((guests > 1)); then
    local server=off
    ((guest)) || server=on
    local device
    for ((device = 0; device < devices; ++device)); do
      net+=(-netdev "stream,id=net$device,server=$server,addr.type=unix,addr.path=$sockets/net$device"
            -device "virtio-net-pci,netdev=net$device,romfile=,mac=52:54:00:74:75:$device$guest")
    done
  fi
  if ((shell)); then console=(-serial mon:stdio) run=(timeout --foreground 8h); fi
  # Linux does not trust an emulated counter by itself; without one, each look at the clock is a system call.
  local clock="tsc=reliable clocksource=tsc"
  set -- "${run[@]}" qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
    -machine pc -accel tcg,thread=multi -cpu max -smp 2 -m 1536M "${console[@]}" "${net[@]}" \
    -device virtio-rng-pci,max-bytes=1024,period=1000 \
    -fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap \
    -device virtio-9p-pci,fsdev=host,mount_tag=host \
    -fsdev "local,id=job,path=$job,security_model=none" -device virtio-9p-pci,fsdev=job,mount_tag=job \
    -kernel "$kernel/vmlinuz" -initrd "$kernel/initramfs.gz" \
    -append "$clock console=ttyS0 loglevel=4 panic=-1 mitigations=off nokaslr no_timer_check tutti.guest=$guest tutti.guests=$guests \
tutti.devices=$devices"
  if ((shell)); then
    "$@"
    return
  fi
  "$@" </dev/null >"$job/guest$guest.qemu" 2>&1 &
  pids+=($!)
}

if ((shell)); then
  start 0
  exit "$(cat "$job/guest0.rc" 2>/dev/null || echo 1)"
fi

for ((guest = 0; guest < guests; ++guest)); do
  start "$guest"
  if ((guests > 1 && guest == 0)); then
    for ((i = 0; i < 100; ++i)); do [[ -S $sockets/net$((devices - 1)) ]] && break; sleep 0.1; done
  fi
done
touch "$job/guest0.out"
tail -n +1 -s 0.2 -f --pid="${pids[0]}" "$job/guest0.out" &
tail_pid=$!

result=0
for ((guest = 0; guest < guests; ++guest)); do
  ended=0
  wait "${pids[guest]}" || ended=$?
  ((guest)) || wait "$tail_pid" || true
  if [[ -s $job/guest$guest.rc ]]; then
    rc=$(<"$job/guest$guest.rc")
    if ((guest && rc)); then sed "s/^/guest $guest: /" "$job/guest$guest.out"; fi
  else
    rc=125
    case $ended in
      124 | 137) echo "guest $guest did not end within $timeout s and was stopped" ;;
      0) echo "guest $guest ended without a result (a kernel panic? see its console)" ;;
      *) echo "guest $guest could not run (qemu: $ended): $(cat "$job/guest$guest.qemu")" ;;
    esac
    echo "the end of its console, $job/guest$guest.console:"
    tail -n 60 "$job/guest$guest.console" 2>/dev/null || true
  fi
  ((result)) || result=$rc
done
pids=()
exit "$result"
