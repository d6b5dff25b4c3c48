#!/bin/sh
# Prints the newest Python >= 3.11 on this machine; as root on a bare machine, installs one first.
find_python() {
    for name in python3.14 python3.13 python3.12 python3.11 python3; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

find_python && exit 0
line="apt-get install -y python3 python3-venv"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -q >&2 && DEBIAN_FRONTEND=noninteractive $line >&2
    find_python && exit 0
fi
echo "Alcove needs Python 3.11 or newer. Please install it, for example: sudo $line" >&2
exit 1
