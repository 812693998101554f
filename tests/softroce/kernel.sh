#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes what a guest boots from: a kernel with rdma_rxe and a first file system. Both come from Debian packages that are
# downloaded and unpacked into a folder, never installed. It knows nothing of tests.
#
# usage: kernel.sh FOLDER      makes FOLDER/vmlinuz and FOLDER/initramfs.gz, if they are not there yet
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:?usage: kernel.sh FOLDER}

die() { printf 'kernel.sh: %s\n' "$*" >&2; exit 1; }

# What a guest may need, by name; their dependencies come with them.
MODULES=(virtio_pci 9pnet_virtio 9p overlay virtio_net dummy veth sch_netem sch_prio cls_u32 crc32_generic rdma_rxe ib_uverbs rdma_ucm)
# Where in the package these and their dependencies lie.
FOLDERS=(crypto/crc32 lib/ drivers/infiniband/core/ drivers/infiniband/sw/rxe/ drivers/virtio/ drivers/net/virtio_net
         drivers/net/net_failover drivers/net/dummy drivers/net/veth net/core/failover net/9p/ net/sched/sch_netem
         net/sched/sch_prio net/sched/cls_u32 net/ipv4/udp_tunnel
         net/ipv6/ip6_udp_tunnel fs/9p/ fs/netfs/ fs/fscache/ fs/overlayfs/ fs/configfs/)

# download PACKAGE FOLDER: its .deb into the (empty) folder.
download() {
  mkdir -p "$2"
  (cd "$2" && timeout 300 apt-get download -q "$1") >"$folder/download.log" 2>&1 ||
    die "apt-get could not download $1: $(tail -n 1 "$folder/download.log")"
}

# The name of Debian's current kernel package: linux-image-amd64 depends on it.
kernel_package() {
  apt-cache depends "linux-image-$(dpkg --print-architecture)" 2>/dev/null | sed -n 's/.*Depends: \(linux-image-.*\)/\1/p' |
    head -n 1
}

unpack_kernel() {
  local package patterns=() path
  package=$(kernel_package)
  [[ -n $package ]] || die "apt knows no kernel package; run apt-get update (as root)"
  download "$package" "$work/kernel"
  for path in "${FOLDERS[@]}"; do patterns+=("./lib/modules/*/kernel/$path*"); done
  dpkg-deb --fsys-tarfile "$work"/kernel/*.deb |
    tar -x -C "$work/kernel" --wildcards './boot/vmlinuz-*' './lib/modules/*/modules.*' "${patterns[@]}" ||
    die "$package does not hold what it used to"
}

# Loads in this order: every module after those it needs.
write_module_order() {
  local version=$1 module
  for module in "${MODULES[@]}"; do
    modprobe_order "$version" "$module"
  done | awk '!seen[$0]++'
}
modprobe_order() {
  local deps="$work/kernel/lib/modules/$1/modules.dep" line word
  line=$(grep -E "/$2\.ko(\.xz|\.zst)?:" "$deps") || die "the kernel has no module $2"
  # modules.dep lists a module's needs so that the last one must be loaded first.
  for word in $(tr ' ' '\n' <<<"${line/:/}" | sed '/^$/d' | tac); do echo "$word"; done
}

make_initramfs() {
  local root=$work/root version module
  version=$(ls "$work/kernel/lib/modules")
  mkdir -p "$root"/{bin,proc,dev,job,host,overlay,root,modules}
  cp "$(find "$work/busybox" -path "*bin/busybox" -type f)" "$root/bin/busybox"
  "$root/bin/busybox" depmod -b "$work/kernel" "$version"
  write_module_order "$version" >"$work/order"
  while read -r module; do
    cp "$work/kernel/lib/modules/$version/$module" "$root/modules/"
    basename "$module"
  done <"$work/order" >"$root/modules/order"
  cp "$here/guest_init.sh" "$root/init"
  chmod 755 "$root/init" "$root/bin/busybox"
  (cd "$root" && find . | ./bin/busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$work/initramfs.gz"
}

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
stamp=$(cat "$here/kernel.sh" "$here/guest_init.sh" | cksum)
if [[ -s $folder/vmlinuz && -s $folder/initramfs.gz && $(cat "$folder/stamp" 2>/dev/null) == "$stamp" ]]; then exit 0; fi
[[ $(uname -m) == x86_64 ]] || die "only x86-64 is emulated so far"
for tool in apt-get apt-cache dpkg-deb; do
  command -v "$tool" >/dev/null || die "there is no $tool here to get Debian's kernel with"
done

work=$folder/work.$$
trap 'rm -rf "$work"' EXIT
rm -rf "$work"
unpack_kernel
download busybox-static "$work/busybox"
dpkg-deb -x "$work"/busybox/*.deb "$work/busybox"
make_initramfs
mv "$work"/kernel/boot/vmlinuz-* "$folder/vmlinuz"
mv "$work/initramfs.gz" "$folder/initramfs.gz"
echo "$stamp" >"$folder/stamp"
