#!/bin/sh
# Installs gridtender as a service, or brings an installed one up to date.
#
#   sudo sh install.sh [OPTIONS] [WHEEL]
#
# An upgrade is built beside what is installed and takes its place only if it understands the
# configuration and stays up; if not, what was there before runs on, with its state as it was.
#
#   WHEEL            a gridtender wheel; without it the newest from the package index
#   --uninstall      give the devices back, remove program and service; configuration and state stay
#   --leave-devices  with --uninstall: even if a device cannot be given back
#   --purge          with --uninstall: remove configuration, state and the user as well
#   --root DIR       install below DIR instead of / (to build an image, or to try it out)
#   --no-systemctl   do not create the user and do not talk to systemd
#   --help           show this
#
#   PIP_ARGS         further arguments for pip, e.g. PIP_ARGS="--no-index --find-links wheels"
#   EXTRAS           what else to install, at every upgrade again, e.g. EXTRAS=metrics
#   PYTHON           the interpreter to build the environment with (default python3, >= 3.11)
#
# What goes where:
#
#   /opt/gridtender                          program, a Python environment: gridtender.a or .b
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
purge=no
leave=no
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
        --purge) purge=yes ;;
        --leave-devices) leave=yes ;;
        --help | -h) usage && exit 0 ;;
        -*) fail "unknown option $1 (see --help)" ;;
        *)
            [ -z "$wheel" ] || fail "one wheel at most, found $wheel and $1"
            wheel=$1
            ;;
    esac
    shift
done

if [ "$uninstall" = no ] && [ "$purge$leave" != nono ]; then
    fail "--purge and --leave-devices go with --uninstall"
fi
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
live=no
[ "$systemctl" = no ] || [ -n "$root" ] || live=yes

# The folder the program is in now: gridtender.a, gridtender.b, or nothing.
installed=''
if [ -L "$program" ]; then
    installed=$(readlink "$program")
fi
case $installed in
    gridtender.a) next=gridtender.b ;;
    gridtender.b | '') next=gridtender.a ;;
    *) fail "$program points to $installed, which is not ours: move it away first" ;;
esac

give_back() {
    set -- release --restore
    if [ -e "$config/gridtender.yaml" ]; then
        set -- "$@" --config "$config/gridtender.yaml"
    fi
    STATE_DIRECTORY=$state "$program/bin/gridtender" "$@"
}

if [ "$uninstall" = yes ]; then
    if [ "$live" = yes ] && [ -e "$unit" ]; then
        systemctl disable --now gridtender.service
        # A limit that was left in a device would stay there for ever.
        if [ -n "$installed" ] && [ "$leave" = no ] && ! give_back; then
            fail "stopped, but not removed: a device was not given back." \
                "Try again when it answers, or add --leave-devices"
        fi
    elif [ "$systemctl" = yes ] && [ -e "$unit" ]; then
        systemctl --root="$root" disable gridtender.service
    fi
    rm -f "$unit" "$sysusers"
    if [ -n "$installed" ]; then
        rm -rf "$program" "$program.a" "$program.b"
    fi
    if [ "$purge" = yes ]; then
        rm -rf "$config" "$config".before* "$state" "$state".before* "$unit.d"
    fi
    if [ "$live" = yes ]; then
        systemctl daemon-reload
        if [ "$purge" = yes ] && id gridtender >/dev/null 2>&1; then
            userdel gridtender
        fi
    fi
    if [ "$purge" = yes ]; then
        echo "gridtender is removed, with its configuration and state."
    else
        echo "gridtender is removed. Left in place: $config and $state."
    fi
    exit 0
fi

[ -z "$wheel" ] || [ -f "$wheel" ] || fail "$wheel: no such file"
python=${PYTHON:-python3}
command -v "$python" >/dev/null || fail "$python not found: apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old, 3.11 or newer is needed (set PYTHON)"
if [ -e "$program" ] && [ -z "$installed" ]; then
    fail "$program exists and is not ours: move it away first"
fi

# --- the program: a Python environment of its own, beside the one in use ------------------------
new=$root/opt/$next

give_up() {
    rm -rf "$new"
    fail "$*; nothing was changed"
}

# relocatable SCRIPT: it asks for the interpreter beside it, for an image is run from elsewhere.
relocatable() {
    {
        cat <<'END'
#!/bin/sh
'''exec' "$(dirname -- "$(readlink -f -- "$0")")/python" "$0" "$@"
' '''
END
        sed 1d "$1"
    } >"$1.new" && chmod 0755 "$1.new" && mv "$1.new" "$1"
}

rm -rf "$new"
mkdir -p "$root/opt"
"$python" -m venv "$new" || give_up "no environment could be made: apt-get install python3-venv"
extras=${EXTRAS:-}
if ! PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v mosquitto >/dev/null; then
    extras=${extras:+$extras,}embedded
    echo "mosquitto is not installed: taking the broker written in Python along."
fi
# shellcheck disable=SC2086  # PIP_ARGS is several words
"$new/bin/python" -m pip install --disable-pip-version-check --quiet \
    ${PIP_ARGS:-} "${wheel:-gridtender}${extras:+[$extras]}" || give_up "pip could not install ${wheel:-gridtender}"
"$new/bin/gridtender" --help >/dev/null || give_up "the new program does not start"
[ -z "$root" ] || relocatable "$new/bin/gridtender" || give_up "the new program cannot be written"
# The unit belongs to its program: going back to one brings the other.
cp "$here/gridtender.service" "$here/gridtender.sysusers.conf" "$new"

# takes PROGRAM: whether it finds nothing wrong with the configuration, as the service would.
takes() {
    STATE_DIRECTORY=$state "$1/bin/gridtender" check "$config/gridtender.yaml"
}

if [ -n "$installed" ] && [ -e "$config/gridtender.yaml" ] && takes "$program" >/dev/null 2>&1; then
    takes "$new" >&2 || give_up "the new version does not take $config/gridtender.yaml as it is"
fi

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

# use FOLDER: make it the program, in one step.
use() {
    ln -sfn "$1" "$program.new"
    mv -T "$program.new" "$program"
    cp "$program/gridtender.service" "$unit"
    cp "$program/gridtender.sysusers.conf" "$sysusers"
    chmod 0644 "$unit" "$sysusers"
    if [ "$live" = yes ]; then
        systemd-sysusers "$sysusers"
        systemctl daemon-reload
    fi
}

# Where the gateway keeps its state: the configuration may name another folder.
state_in_use() {
    STATE_DIRECTORY=$state "$program/bin/gridtender" check --json "$config/gridtender.yaml" |
        "$program/bin/python" -c 'import json, sys; print(json.load(sys.stdin)["site"]["state_dir"])'
}

stays_up() {
    systemctl start gridtender.service || return 1
    seconds=0
    while [ $seconds -lt 10 ]; do
        sleep 1
        systemctl is-active --quiet gridtender.service || return 1
        seconds=$((seconds + 1))
    done
}

go_back() {
    echo "install.sh: it does not stay up: back to what was there before" >&2 || true
    journalctl --unit gridtender.service --lines 20 --no-pager --output cat >&2 || true
    systemctl stop gridtender.service || true
    find "$used" -mindepth 1 -delete
    cp -a "$used.before/." "$used"
    use "$installed"
    systemctl start gridtender.service || fail "and $installed does not start any more either"
    rm -rf "$new" "$used.before"
    fail "the upgrade failed; what was installed before runs on, with its state"
}

if [ "$live" = yes ] && [ -n "$installed" ] && systemctl is-active --quiet gridtender.service; then
    used=$(state_in_use 2>/dev/null) || used=$state
    rm -rf "$used.before"
    # A terminal that is closed from here on leaves no house without its gateway.
    trap '' HUP INT TERM
    systemctl stop gridtender.service
    if ! cp -a "$used" "$used.before"; then
        rm -rf "$used.before"
        systemctl start gridtender.service
        give_up "no copy of $used could be made"
    fi
    use "$next"
    stays_up || go_back
    rm -rf "$root/opt/$installed" "$used.before"
    echo "gridtender is up to date and running."
    exit 0
fi

use "$next"
if [ -n "$installed" ]; then
    rm -rf "$root/opt/$installed"
fi
if [ "$systemctl" = no ]; then
    echo "gridtender is installed below ${root:-/}."
    exit 0
fi
if [ -n "$root" ]; then
    systemd-sysusers --root="$root" "$sysusers"
    systemctl --root="$root" enable gridtender.service
    echo "gridtender is installed below $root and enabled."
    exit 0
fi
chown gridtender:gridtender "$state"
systemctl enable gridtender.service
cat <<END
gridtender is installed. It starts with the machine; now:

  1. name your devices:  $config/gridtender.yaml
  2. check it:           $program/bin/gridtender check $config/gridtender.yaml
  3. start:              systemctl start gridtender
  4. watch:              journalctl -fu gridtender

It only observes until the configuration says  control: act.
END
