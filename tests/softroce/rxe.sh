#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a soft-RoCE device of this host's own, where its kernel has rdma_rxe and this user may load it, and takes it away
# again. The device lies on a dummy network interface of its own; nothing else of the host is touched.
#
# usage: rxe.sh add | remove
set -euo pipefail
name=tutti_rxe0 netdev=tutti_rdma0

add() {
  [[ $(id -u) == 0 ]] || { echo "rdma_rxe is not loaded: not root"; exit 1; }
  command -v modprobe >/dev/null && command -v rdma >/dev/null ||
    { echo "rdma_rxe is not loaded: modprobe or rdma (iproute2) is missing"; exit 1; }
  # rdma_rxe refuses a netdev without a crc32 implementation.
  modprobe -q crc32_generic || true
  { modprobe rdma_rxe && modprobe ib_uverbs && modprobe dummy; } 2>/dev/null ||
    { echo "this kernel ($(uname -r)) does not load rdma_rxe"; exit 1; }
  ip link show "$netdev" >/dev/null 2>&1 || ip link add "$netdev" type dummy
  ip addr replace 198.18.77.1/24 dev "$netdev"
  ip link set "$netdev" mtu 4200 up
  rdma link show "$name/1" >/dev/null 2>&1 || rdma link add "$name" type rxe netdev "$netdev"
  echo "made the RDMA device $name on $netdev"
}

remove() {
  [[ $(id -u) == 0 ]] && command -v ip >/dev/null || return 0
  rdma link delete "$name" 2>/dev/null || true
  ip link delete "$netdev" 2>/dev/null || true
}

case ${1-} in
  add | remove) "$1" ;;
  *) echo "usage: rxe.sh add | remove" >&2; exit 2 ;;
esac
