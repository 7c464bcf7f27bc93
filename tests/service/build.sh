#!/usr/bin/env bash
# An image of a small Debian 12 with systemd, and uploadd installed in it as docs/service.md says.
#   build.sh WORK CHECKOUT
# Nothing is booted here. Packages come from MIRROR, else from where this machine's own come from.
set -euo pipefail
work=$1 checkout=$2
tree=$work/tree
mark=$work/UPLOADD-TEST-IMAGES
refuse() { echo "build.sh: $1" >&2; exit 2; }

# What lies in WORK is removed, overwritten, and run as root.
[ -d "$work" ] && [ ! -L "$work" ] && [ -O "$work" ] ||
    refuse "$work is not a directory of your own: take another WORK=DIR"
[ -z "$(find "$work" -maxdepth 0 -perm /022)" ] ||
    refuse "others may write in $work: run chmod go-w ${work@Q}"
[ -f "$mark" ] || [ -z "$(ls -A "$work")" ] ||
    refuse "$work is not empty, and was not made by make service: take another WORK=DIR"
: > "$mark"
mirror=${MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -n 1)}
packages=systemd,systemd-sysv,dbus,python3,python3-venv,sudo,acl,ca-certificates,procps,util-linux,libpam-systemd,netbase,curl

if [ ! -e "$work/tree.made" ]; then
    rm -rf "$tree"
    debootstrap --variant=minbase --include="$packages" bookworm "$tree" "$mirror"
    date > "$tree/UPLOADD-TEST-MACHINE"
    : > "$tree/etc/machine-id"
    : > "$tree/etc/fstab"
    ln -sf /dev/null "$tree/etc/systemd/system/console-getty.service"
    ln -sf /dev/null "$tree/etc/systemd/system/getty@.service"
    touch "$work/tree.made"
fi

# The guide's own block, on what is committed, with this machine's way to its package index.
rm -rf "$tree/usr/src/uploadd"
mkdir -p "$tree/usr/src/uploadd"
git -C "$checkout" archive HEAD | tar -x -C "$tree/usr/src/uploadd"
cp /etc/resolv.conf "$tree/etc/resolv.conf"
bundle=${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}
install -D -m 644 "$bundle" "$tree$bundle"
# A mount namespace of its own: /proc and /dev of the tree go with it.
unshare --mount --propagation private -- bash -euo pipefail -c '
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    chroot "$1" /bin/bash -euo pipefail -c "
        cd /usr/src/uploadd
        umask 022
        [ -x /opt/uploadd/bin/pip ] || python3 -m venv /opt/uploadd
        /opt/uploadd/bin/pip install --quiet -r requirements.lock
        /opt/uploadd/bin/pip install --quiet --no-deps --force-reinstall .
        ln -sf /opt/uploadd/bin/uploadd /usr/local/bin/uploadd
        install -D -m 644 systemd/uploadd.sysusers /etc/sysusers.d/uploadd.conf
        install -D -m 644 systemd/uploadd.tmpfiles /etc/tmpfiles.d/uploadd.conf
        install -m 644 -t /etc/systemd/system systemd/uploadd.service systemd/uploadd-backfill@.service
    "' build "$tree"
rm -f "$work/base.img"
mkfs.ext4 -q -d "$tree" "$work/base.img" 3G
