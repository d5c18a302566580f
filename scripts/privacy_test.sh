#!/bin/sh
# Checks that Unscratch opens no internet socket: it works in an empty network namespace, and a trace of its system calls
# shows none. What a machine cannot do is skipped with a line that says so.
#
#   scripts/privacy_test.sh [PROGRAM [PHOTO]]
set -eu

# The program itself has to see to it.
unset ORT_DISABLE_TELEMETRY

program=${1:-target/release/unscratch}
photo=${2:-assets/samples/photographer.tif}
if [ ! -x "$program" ]; then
    echo "there is no program at $program; build it first or name it" >&2
    exit 1
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

# The whole command line: restore with detection and a dossier, then check it, then the diagnosis.
cat > "$folder/session.sh" <<'SESSION'
set -eu
"$1" --quiet restore "$2" --out-dir "$3" --dossier --overwrite --provider cpu
for record in "$3"/*.restoration.json; do
    "$1" --quiet verify "$record" --master "$2" --provider cpu
done
"$1" doctor > /dev/null
SESSION

# Nothing may be kept in the person's folders either, such as a device number.
home=$folder/home
mkdir "$home"
export HOME="$home" XDG_CACHE_HOME="$home/cache" XDG_DATA_HOME="$home/data"

if unshare -rn true 2> /dev/null; then
    if unshare -rn sh "$folder/session.sh" "$program" "$photo" "$folder/isolated"; then
        echo "empty network namespace: restore, verify and doctor work"
    else
        echo "empty network namespace: FAILED"
        failed=1
    fi
else
    echo "skipped: this machine lets nobody make a network namespace (unshare -rn)"
fi

# Counts the sockets of a trace by family; internet sockets fail.
judge() {
    sockets=$(grep -c 'socket(' "$2" || true)
    internet=$(grep -cE 'socket\((AF_INET|AF_INET6|AF_PACKET|PF_INET)' "$2" || true)
    connects=$(grep -cE 'sa_family=AF_INET' "$2" || true)
    calls=$(grep -cE '^[0-9]+ +[a-z0-9_]+\(' "$2" || true)
    echo "$1: $calls network calls, $sockets sockets, $internet of them internet sockets, $connects internet addresses"
    [ "$internet" -eq 0 ] && [ "$connects" -eq 0 ] || failed=1
}

if command -v strace > /dev/null; then
    strace -f -qq -e trace=network -e signal=none -o "$folder/line.trace" \
        sh "$folder/session.sh" "$program" "$photo" "$folder/traced"
    judge "command line" "$folder/line.trace"
    if command -v Xvfb > /dev/null && "$program" --help | grep -q window; then
        Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp 3> "$folder/display" 2> /dev/null &
        server=$!
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            [ -s "$folder/display" ] && break
            sleep 1
        done
        # Half a minute is enough to open the photo, to find and repair the damage, and to show it.
        env -u WAYLAND_DISPLAY DISPLAY=":$(cat "$folder/display")" \
            timeout 30 strace -f -qq -e trace=network -e signal=none -o "$folder/window.trace" \
            "$program" "$photo" > /dev/null 2>&1 || true
        kill "$server"
        judge "window, 30 s" "$folder/window.trace"
    else
        echo "skipped: the window (there is no Xvfb)"
    fi
else
    echo "skipped: system calls cannot be traced (there is no strace)"
fi
kept=$(find "$home" -type f ! -path "*/unscratch/window.toml" ! -path "*/mesa_shader_cache*")
if [ -n "$kept" ]; then
    echo "kept in the person's folders: $kept"
    failed=1
else
    echo "kept in the person's folders: nothing but the window's settings"
fi
exit "$failed"
