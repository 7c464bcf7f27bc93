#!/usr/bin/env bash
# Boots systemd from an image, in namespaces of its own.   boot.sh IMAGE WORK CHECKOUT
# It never boots where this machine's files can be reached: systemd wipes temporary files. What
# proves that stands below, after "the proof"; where it fails, nothing is started (status 98).
set -euo pipefail

if [ "${1:-}" != inside ]; then
    image=$1 work=$2 checkout=$3
    cgroups=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
    [ -n "$cgroups" ] || { echo "boot: there is no cgroup2 here" >&2; exit 98; }
    # A cgroup of its own, so that the cgroup namespace ends there.
    mkdir -p "$cgroups/uploadd-test"
    if grep -qx 'populated 1' "$cgroups/uploadd-test/cgroup.events"; then
        echo "boot: another such machine runs" >&2
        exit 98
    fi
    echo $$ > "$cgroups/uploadd-test/cgroup.procs"
    exec unshare --mount --propagation private --uts --ipc --net --pid --cgroup --fork --kill-child \
        "$0" inside "$image" "$work" "$checkout"
fi

image=$2 work=$3 checkout=$4
root=$work/root
[ $$ = 1 ] || { echo "boot: not the first process of its namespace" >&2; exit 98; }
mount --make-rprivate /
mkdir -p "$root"
mount -o loop,nodev "$image" "$root"
test -f "$root/UPLOADD-TEST-MACHINE"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"    # the kernel's knobs stay the host's
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
for device in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do
    read -r name major minor <<< "$device"
    mknod -m 666 "$root/dev/$name" c "$major" "$minor"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for number in 0 1 2; do
    ln -s "/proc/self/fd/$number" "$root/dev/$(echo stdin stdout stderr | cut -d' ' -f$((number + 1)))"
done
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount --bind "$root/dev/null" "$root/proc/kmsg"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
hostname uploadd-test
cd "$root"
mkdir -p .old
pivot_root . .old
cd /
umount -l /.old
rmdir /.old

# The proof: we are on the image and nowhere else, and nothing leads back.
test -f /UPLOADD-TEST-MACHINE
for path in "$work" "$checkout" /run/netns /.old; do
    if [ -e "$path" ]; then echo "boot: $path of the host can be seen" >&2; exit 98; fi
done
[ -z "$(ls -A /tmp)" ] || { echo "boot: /tmp is not empty" >&2; exit 98; }
if grep -q ' shared:' /proc/self/mountinfo; then echo "boot: a mount is shared" >&2; exit 98; fi
if grep -E ' - (ext4|xfs|btrfs|overlay) ' /proc/self/mountinfo | grep -qv ' /dev/loop'; then
    echo "boot: a disk of the host is mounted" >&2
    exit 98
fi
# Only now. Without it LoadCredential= gives an empty directory; a container manager does the same.
mount --make-rshared /
exec < /dev/null
exec setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio,-syslog,-wake_alarm,-block_suspend,-mac_admin,-mac_override,-bpf,-perfmon,-checkpoint_restore,-sys_pacct \
    env -i container=uploadd-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --log-target=journal
