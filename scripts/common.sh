# For the scripts of this folder, and for ./quickstart and ./test: sourced, not run.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# Who called sudo, if the clone is theirs; empty otherwise.
owner() {
    if [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER:-}" ] && [ "$(stat -c %U "$here")" = "$SUDO_USER" ]; then echo "$SUDO_USER"; fi
}

as_owner() {
    if [ -n "$(owner)" ]; then
        runuser -u "$(owner)" -- env "HOME=$(getent passwd "$(owner)" | cut -d: -f6)" "$@"
    else
        "$@"
    fi
}

# sudo's PATH often lacks the folder that the SDK is in.
dotnet_path() {
    for found in "$(command -v dotnet || :)" "${DOTNET_ROOT:-/nowhere}/dotnet" /usr/share/dotnet/dotnet /usr/lib/dotnet/dotnet \
        "$(getent passwd "${SUDO_USER:-$(id -un)}" | cut -d: -f6)/.dotnet/dotnet"; do
        if [ -x "$found" ]; then
            echo "$found"
            return
        fi
    done
    echo "the .NET 10 SDK is missing: https://dotnet.microsoft.com/download/dotnet/10.0" >&2
    exit 1
}

runtime_id() {
    case $(uname -m) in
        x86_64) echo linux-x64 ;;
        aarch64) echo linux-arm64 ;;
        *) echo "no build for $(uname -m): x86_64 and aarch64 are known" >&2; exit 1 ;;
    esac
}

# need_packages COMMAND-OR-FILE:PACKAGE…  Installs the Debian packages whose command or file is missing.
need_packages() {
    missing=
    for pair in "$@"; do
        what=${pair%%:*}
        case $what in
            /*) [ -e "$what" ] || missing="$missing ${pair#*:}" ;;
            *) PATH=$PATH:/usr/sbin:/sbin command -v "$what" >/dev/null || missing="$missing ${pair#*:}" ;;
        esac
    done
    [ -z "$missing" ] && return
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "missing:$missing" >&2
        echo "  type: sudo apt-get install$missing" >&2
        return 1
    fi
    echo "installing:$missing" >&2
    apt-get update -qq >&2
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >&2
}

# need_daemons COMMAND-OR-FILE:PACKAGE…  As need_packages, and nothing that the packages bring runs, now or after the next boot.
need_daemons() {
    policy=/usr/sbin/policy-rc.d made='' status=0
    if [ "$(id -u)" = 0 ] && [ ! -e "$policy" ]; then
        made=yes
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    need_packages "$@" || status=$?
    [ -z "$made" ] || rm -f "$policy"
    [ -n "$missing" ] && [ "$status" = 0 ] || return "$status"
    # shellcheck disable=SC2086 # a list of names
    for unit in $(dpkg -L $missing | sed -n 's,^/\(usr/\)\?lib/systemd/system/\([^/@]*\.\(service\|socket\)\)$,\2,p'); do
        systemctl disable "$unit" >/dev/null 2>&1 || :
    done
}
