#!/usr/bin/env bash
# Takes the README's pictures from the real window: starts it on a virtual display with a sample photo and drives it.
# Needs: xvfb xdotool imagemagick openbox mesa-vulkan-drivers (Debian names). Usage: scripts/screenshots.sh [BINARY]
set -Eeuo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
binary="$(realpath "${1:-$root/target/release/unscratch}")"
photo="$root/assets/samples/${UNSCRATCH_SAMPLE:-portrait.jpg}"
out="$root/screenshots"
width=1366
height=768

for tool in Xvfb xdotool import identify convert openbox; do
    command -v "$tool" >/dev/null || { echo "missing: $tool (apt install xvfb xdotool imagemagick openbox)" >&2; exit 1; }
done
[ -x "$binary" ] || { echo "no program at $binary; build it first: cargo build --release" >&2; exit 1; }

work="$(mktemp -d)"
pids=()
fail() { # says what went wrong, with the end of the program's log, and stops
    echo "screenshots: $1" >&2
    [ -s "$work/app.log" ] && { echo "the program said:" >&2; tail -n 20 "$work/app.log" >&2; }
    exit 1
}
trap 'fail "line $LINENO failed: $BASH_COMMAND"' ERR
cleanup() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap cleanup EXIT

# Xvfb chooses a free display and writes its number.
exec 3>"$work/display"
Xvfb -displayfd 3 -screen 0 "${width}x${height}x24" -nolisten tcp 2>"$work/xvfb.log" &
pids+=($!)
for _ in $(seq 300); do [ -s "$work/display" ] && break; sleep 0.1; done
[ -s "$work/display" ] || fail "Xvfb did not start: $(cat "$work/xvfb.log")"
DISPLAY=":$(cat "$work/display")"
export DISPLAY XDG_CONFIG_HOME="$work/config" XDG_RUNTIME_DIR="$work"
unset WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS
cat >"$work/rc.xml" <<'XML'
<openbox_config xmlns="http://openbox.org/3.4/rc">
  <applications><application class="*"><decor>no</decor><maximized>yes</maximized><focus>yes</focus></application></applications>
</openbox_config>
XML
openbox --config-file "$work/rc.xml" >/dev/null 2>&1 &
pids+=($!)
cp "$photo" "$work/"
mkdir -p "$out"

start() { # starts the window with the given arguments beside the photo, so that no path of this machine is shown
    (cd "$work" && exec "$binary" "$@") 2>"$work/app.log" &
    app=$!
    pids+=("$app")
    for _ in $(seq 600); do
        xdotool search --onlyvisible --name Unscratch >/dev/null 2>&1 && { sleep 3; return; }
        kill -0 "$app" 2>/dev/null || fail "the program ended before it showed a window"
        sleep 0.1
    done
    fail "no window was shown within a minute"
}

settled() { # waits until nothing on the screen has moved for three seconds
    local before="" now same=0
    for _ in $(seq "${1:-120}"); do
        now="$(import -window root rgb:- | sha256sum)"
        if [ "$now" = "$before" ]; then same=$((same + 1)); else same=0; fi
        if [ "$same" -ge 3 ]; then return; fi
        before="$now"
        sleep 1
    done
    fail "the window did not come to rest"
}

last=""
shot() { # takes one picture; one that is empty or shows what the one before showed is no picture
    local file="$work/$1.png" colors digest
    kill -0 "$app" 2>/dev/null || fail "the program ended before the picture $1"
    import -window root "png24:$file"
    colors="$(identify -format '%k' "$file")"
    [ "$colors" -gt 200 ] || fail "the picture $1 has only $colors colours: nothing is drawn"
    digest="$(convert "$file" rgb:- | sha256sum)"
    [ "$digest" != "$last" ] || fail "the picture $1 shows what the one before shows: the window did not answer"
    last="$digest"
    mv "$file" "$out/$1.png"
    echo "$out/$1.png"
}

quit_window() { # ends the program by its own command
    xdotool key --clearmodifiers ctrl+q
    for _ in $(seq 300); do kill -0 "$app" 2>/dev/null || return 0; sleep 0.1; done
    fail "the program did not end on Ctrl+Q"
}

rest() { xdotool mousemove 4 $((height - 4)); sleep 0.5; }

start
rest
settled 60
shot empty
quit_window

start "$(basename "$photo")"
rest
settled 180
xdotool key --clearmodifiers 4 # the damage
rest
settled 60
shot main

xdotool key --clearmodifiers 8 # no overlay
xdotool key --clearmodifiers s
rest
settled 60
shot compare

xdotool key --clearmodifiers ctrl+e
rest
settled 60
shot export
