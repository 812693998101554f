#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The guest's second half, in the host's file system: makes the RDMA devices, runs the job's command, leaves its output
# and exit status in the job's folder, and switches the guest off. Only ever runs in a guest.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=linux
# From the kernel's command line: which guest this is, of how many, with how many devices.
for word in $(</proc/cmdline); do
  case $word in tutti.*=*) declare "${word//./_}" ;; esac
done
job=$(awk '$3 == "9p" && $1 == "job" {print $2}' /proc/self/mounts | tail -n 1)
. "$job/settings"
export SOFTROCE_GUEST=$tutti_guest SOFTROCE_GUESTS=$tutti_guests SOFTROCE_JOB=$job

finish() {
  echo "$1" >"$job/guest$tutti_guest.rc"
  sync
  echo o >/proc/sysrq-trigger
  sleep 60
}
give_up() {
  echo "guest: $*" | tee -a "$job/guest$tutti_guest.out"
  finish 125
}

# add_device NAME NETDEV ADDRESS: an rxe device on the netdev. An MTU of 4200 gives RoCE its 4096.
add_device() {
  ip link set "$2" mtu 4200 up && ip addr add "$3/24" dev "$2" || give_up "cannot set up $2"
  rdma link add "$1" type rxe netdev "$2" || give_up "cannot make the RDMA device $1 on $2"
}

# What devices of one guest lie on. Two are joined by a wire, so that they can reach each other: packets from one to the
# other go over it, though Linux would rather deliver what is for an address of its own without any.
make_netdevs() {
  if ((tutti_devices == 1)); then
    ip link add rdma0 type dummy || give_up "cannot make the netdev rdma0"
    return
  fi
  ip link add rdma0 type veth peer name rdma1 || give_up "cannot make the netdevs rdma0 and rdma1"
  ip rule add pref 100 lookup local && ip rule del pref 0
  local i
  for i in all rdma0 rdma1; do
    echo 0 >"/proc/sys/net/ipv4/conf/$i/rp_filter"
    echo 1 >"/proc/sys/net/ipv4/conf/$i/accept_local"
  done
  for i in 0 1; do
    ip link set "rdma$i" up
    ip rule add pref $((10 + i)) iif lo from 10.77.$i.1 to 10.77.$((1 - i)).1 lookup $((77 + i)) &&
      ip route add 10.77.$((1 - i)).1 dev "rdma$i" table $((77 + i)) || give_up "cannot join rdma0 and rdma1"
  done
}

echo 1 >/proc/sys/kernel/panic_on_oops
hostname "tutti-guest$tutti_guest"
ip link set lo up
if ((tutti_guests > 1)); then
  for ((i = 0; i < tutti_devices; ++i)); do
    add_device "rxe$i" "eth$i" "10.77.$i.$((tutti_guest + 1))"
  done
else
  make_netdevs
  for ((i = 0; i < tutti_devices; ++i)); do
    add_device "rxe$i" "rdma$i" "10.77.$i.1"
  done
fi

ulimit -l unlimited
cd "$DIRECTORY" || give_up "the host's directory $DIRECTORY is not there"
if [[ -n ${SHELL_SIZE-} ]]; then
  stty $SHELL_SIZE </dev/ttyS0
  echo "This is the guest. RDMA: $(ls /sys/class/infiniband | tr '\n' ' '). What is written outside $job is lost."
  setsid -c bash -i </dev/ttyS0 >/dev/ttyS0 2>&1
  finish $?
fi
eval "$COMMAND" >"$job/guest$tutti_guest.out" 2>&1 </dev/null
finish $?
