#!/bin/sh
# Installs gridtender as a service, or brings an installed one up to date.
#
#   sudo sh install.sh [OPTIONS] [WHEEL]
#
#   WHEEL            a gridtender wheel; without it the newest from the package index
#   --uninstall      remove program and service; configuration and state stay
#   --root DIR       install below DIR instead of / (to build an image, or to try it out)
#   --no-systemctl   do not create the user and do not talk to systemd
#   --help           show this
#
#   PIP_ARGS         further arguments for pip, e.g. PIP_ARGS="--no-index --find-links wheels"
#   PYTHON           the interpreter to build the environment with (default python3, >= 3.11)
#
# What goes where:
#
#   /opt/gridtender                          program, a Python environment of its own
#   /etc/gridtender/gridtender.yaml          configuration, written once, never overwritten
#   /etc/gridtender/mqtt-password            broker password, empty, for root only; likewise
#   /var/lib/gridtender                      state: journal, arming records, credentials
#   /etc/systemd/system/gridtender.service   the unit; own settings: systemctl edit gridtender
#   /etc/sysusers.d/gridtender.conf          the user gridtender
set -eu

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

usage() {
    sed -n '2,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//;p;}' "$0"
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=''
wheel=''
systemctl=yes
uninstall=no
while [ $# -gt 0 ]; do
    case $1 in
        --root)
            [ $# -ge 2 ] || fail "--root needs a folder"
            root=${2%/}
            shift
            ;;
        --root=*) root=${1#--root=} && root=${root%/} ;;
        --no-systemctl) systemctl=no ;;
        --uninstall) uninstall=yes ;;
        --help | -h) usage && exit 0 ;;
        -*) fail "unknown option $1 (see --help)" ;;
        *)
            [ -z "$wheel" ] || fail "one wheel at most, found $wheel and $1"
            wheel=$1
            ;;
    esac
    shift
done

case $root in
    '' | /*) ;;
    *) root=$PWD/$root ;;
esac
if [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then
    fail "must run as root: sudo sh $0"
fi

program=$root/opt/gridtender
config=$root/etc/gridtender
state=$root/var/lib/gridtender
unit=$root/etc/systemd/system/gridtender.service
sysusers=$root/etc/sysusers.d/gridtender.conf

if [ "$uninstall" = yes ]; then
    # Stopping lets go of the devices, so the program must still be there.
    if [ "$systemctl" = yes ] && [ -e "$unit" ]; then
        if [ -z "$root" ]; then
            systemctl disable --now gridtender.service
        else
            systemctl --root="$root" disable gridtender.service
        fi
    fi
    rm -f "$unit" "$sysusers"
    if [ -e "$program/pyvenv.cfg" ]; then
        rm -rf "$program"
    fi
    if [ "$systemctl" = yes ] && [ -z "$root" ]; then
        systemctl daemon-reload
    fi
    echo "gridtender is removed. Left in place: $config and $state."
    exit 0
fi

[ -z "$wheel" ] || [ -f "$wheel" ] || fail "$wheel: no such file"
python=${PYTHON:-python3}
command -v "$python" >/dev/null || fail "$python not found: apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old, 3.11 or newer is needed (set PYTHON)"

# --- the program: a Python environment of its own ---------------------------------------------
if [ -e "$program" ] && [ ! -e "$program/pyvenv.cfg" ]; then
    fail "$program exists and is not ours: move it away first"
fi
if ! "$program/bin/python" -m pip --version >/dev/null 2>&1; then
    # New, left half done, or its interpreter went away with an upgrade of the system.
    rm -rf "$program"
    mkdir -p "$root/opt"
    "$python" -m venv "$program" || {
        rm -rf "$program"
        fail "no environment could be made: apt-get install python3-venv"
    }
fi
extra=''
if ! PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v mosquitto >/dev/null; then
    extra='[embedded]'
    echo "mosquitto is not installed: taking the broker written in Python along."
fi
# shellcheck disable=SC2086  # PIP_ARGS is several words
"$program/bin/python" -m pip install --disable-pip-version-check --quiet --upgrade \
    ${PIP_ARGS:-} "${wheel:-gridtender}$extra" || fail "pip could not install ${wheel:-gridtender}"

# --- configuration: yours, written once -------------------------------------------------------
mkdir -p "$config"
chmod 0755 "$config"
if [ ! -e "$config/gridtender.yaml" ]; then
    timezone=$(cat /etc/timezone 2>/dev/null || true)
    [ -n "$timezone" ] || timezone=$(readlink /etc/localtime 2>/dev/null |
        sed -n 's#.*/zoneinfo/##p')
    sed "s#@TIMEZONE@#${timezone:-UTC}#" "$here/gridtender.yaml" >"$config/gridtender.yaml"
    chmod 0644 "$config/gridtender.yaml"
fi
if [ ! -e "$config/mqtt-password" ]; then
    (umask 077 && : >"$config/mqtt-password")
fi

# --- service and user -------------------------------------------------------------------------
mkdir -p "${unit%/*}" "${sysusers%/*}" "$state"
chmod 0700 "$state"
cp "$here/gridtender.service" "$unit"
cp "$here/gridtender.sysusers.conf" "$sysusers"
chmod 0644 "$unit" "$sysusers"

if [ "$systemctl" = no ]; then
    echo "gridtender is installed below ${root:-/}."
    exit 0
fi
systemd-sysusers --root="${root:-/}" "$sysusers"
if [ -n "$root" ]; then
    systemctl --root="$root" enable gridtender.service
    echo "gridtender is installed below $root and enabled."
    exit 0
fi
chown gridtender:gridtender "$state"
systemctl daemon-reload
systemctl enable gridtender.service
if systemctl is-active --quiet gridtender.service; then
    echo "gridtender is up to date. Put it in force:  systemctl restart gridtender"
    exit 0
fi
cat <<END
gridtender is installed. It starts with the machine; now:

  1. name your devices:  $config/gridtender.yaml
  2. check it:           $program/bin/gridtender check $config/gridtender.yaml
  3. start:              systemctl start gridtender
  4. watch:              journalctl -fu gridtender

It only observes until the configuration says  control: act.
END
