#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The guest's first process: loads the modules, lays a writable memory over the host's file system (which it sees
# read-only), and goes on in guest_main.sh there. What it says goes to the console log.
export PATH=/bin
/bin/busybox --install -s /bin
die() { echo "guest: $*"; poweroff -f; }

mount -t proc none /proc
mount -t devtmpfs none /dev
while read -r module; do
  insmod "/modules/$module" || echo "guest: cannot load $module"
done </modules/order

options=trans=virtio,version=9p2000.L,msize=512000
mount -t 9p -o "$options,ro,cache=loose" host /host || die "cannot mount the host's file system"
mount -t 9p -o "$options,cache=none" job /job || die "cannot mount the job folder"
mount -t tmpfs -o size=75% none /overlay
mkdir /overlay/upper /overlay/work
mount -t overlay -o lowerdir=/host,upperdir=/overlay/upper,workdir=/overlay/work none /root ||
  die "cannot overlay the host's file system"

. /job/settings # GUEST_MAIN, JOB
mkdir -p "/root$JOB"
mount -o bind /job "/root$JOB"
mount -t proc none /root/proc
mount -t sysfs none /root/sys
mount -t devtmpfs none /root/dev
ln -s /proc/self/fd /root/dev/fd
mkdir -p /root/dev/pts /root/dev/shm
mount -t devpts none /root/dev/pts
mount -t tmpfs none /root/dev/shm
mount -t tmpfs none /root/run
exec chroot /root /bin/bash "$GUEST_MAIN"
