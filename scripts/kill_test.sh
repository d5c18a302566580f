#!/usr/bin/env bash
# Kills the real window with SIGKILL at random moments of an edit and looks at what was saved: every stroke that ended
# more than two seconds before must be there, and nothing that was never done. Not part of `make test`: it takes minutes.
#
# Usage: scripts/kill_test.sh [kills] (default 100)
# UNSCRATCH names the binary (default target/release/unscratch). Needs Xvfb, openbox, xdotool, ImageMagick, python3.
# ORT_DYLIB_PATH names ONNX Runtime where the program does not find it by itself.

set -u -o pipefail
unset CDPATH WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS

kills=${1:-100}
program=${UNSCRATCH:-target/release/unscratch}
[ -x "$program" ] || { echo "there is no program $program; build it first or name it with UNSCRATCH" >&2; exit 2; }
program=$(realpath "$program")
for tool in Xvfb openbox xdotool convert python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 2; }
done

work=$(mktemp -d)
display=:$((RANDOM % 400 + 100))
window_manager=
server=
clean_up() {
    [ -n "$window_manager" ] && kill "$window_manager" 2>/dev/null
    [ -n "$server" ] && kill "$server" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT

# Noise without scratches: few marks by detection, so that strokes are what counts.
convert -size 1200x800 -seed 5 plasma:grey40-grey60 -depth 8 "$work/photo.png"
cat >"$work/rc.xml" <<'XML'
<openbox_config xmlns="http://openbox.org/3.4/rc"><applications><application class="*"><decor>no</decor><maximized>yes</maximized><focus>yes</focus></application></applications></openbox_config>
XML
export XDG_CONFIG_HOME=$work/config XDG_DATA_HOME=$work/data XDG_RUNTIME_DIR=$work
Xvfb "$display" -screen 0 1366x768x24 -nolisten tcp >/dev/null 2>&1 &
server=$!
sleep 1
export DISPLAY=$display
openbox --config-file "$work/rc.xml" >/dev/null 2>&1 &
window_manager=$!

python3 - "$program" "$work/photo.png" "$kills" <<'PYTHON'
import json, os, random, subprocess, sys, time

program, photo, kills = sys.argv[1], sys.argv[2], int(sys.argv[3])
chance = random.Random(int(os.environ.get("SEED", "1")))
START_SECONDS = 120  # at most
LOST_AT_MOST = 2.0  # s
LEFT, TOP = 330, 200  # where the photo surely is, screen px
STEP = 4  # of the long stroke, screen px


def xdotool(*words):
    subprocess.run(["xdotool", *map(str, words)], check=True, stdout=subprocess.DEVNULL)


def start():
    subprocess.run([program, "autosaves", "--remove"], check=True, capture_output=True)
    log = open(os.path.join(os.path.dirname(photo), "window.log"), "w")
    window = subprocess.Popen([program, photo], stdout=log, stderr=log)
    # The title names the photo once it is open.
    for _ in range(2 * START_SECONDS):
        found = subprocess.run(["xdotool", "search", "--name", "photo.png"], capture_output=True)
        if found.returncode == 0 or window.poll() is not None:
            break
        time.sleep(0.5)
    time.sleep(3.0)
    xdotool("mousemove", LEFT, TOP)
    return window


def saved():
    said = subprocess.run([program, "autosaves", "--json"], check=True, capture_output=True, text=True)
    works = json.loads(said.stdout)["works"]
    assert len(works) <= 1, works
    work = works[0] if works else {"undo_steps": 0, "painted_pixels": 0}
    return work["undo_steps"], work["painted_pixels"]


def kill(window):
    at = time.monotonic()
    window.kill()
    window.wait()
    return at, *saved()


def short_strokes(window, end):
    """One after the other, until killed. The moments at which they ended."""
    done = []
    while time.monotonic() < end:
        number = len(done)
        x, y = LEFT + 12 * (number % 50), TOP + 60 * (number // 50 % 6)
        xdotool("mousemove", x, y, "mousedown", 1, "mousemove", x, y + 30, "mouseup", 1)
        done.append(time.monotonic())
        time.sleep(chance.uniform(0.0, 0.4))
    return done


def long_stroke(window, end):
    """One, killed while the button is down. The moments at which the pointer had come so far, in steps."""
    xdotool("mousemove", LEFT, TOP, "mousedown", 1)
    reached = []
    while time.monotonic() < end and len(reached) < 150:
        xdotool("mousemove", LEFT + STEP * (len(reached) + 1), TOP)
        reached.append(time.monotonic())
        time.sleep(0.04)
    return reached


def age_of_first_lost(moments, kept, killed):
    return killed - moments[kept] if kept < len(moments) else 0.0


# How many pixels a step of the long stroke paints.
window = start()
steps = len(long_stroke(window, time.monotonic() + 4.0))
xdotool("mouseup", 1)
before, now = None, saved()
while now != before or now == (0, 0):
    time.sleep(3 * LOST_AT_MOST)
    before, now = now, saved()
_, undo_steps, painted = kill(window)
assert undo_steps == 1 and painted > 0, (undo_steps, painted)
painted_a_step = painted / steps
print(f"a step paints {painted_a_step:.0f} px")

failures, worst = 0, 0.0
for run in range(kills):
    window = start()
    is_long = run % 3 == 2
    end = time.monotonic() + chance.uniform(0.3, 10.0)
    moments = (long_stroke if is_long else short_strokes)(window, end)
    if window.poll() is not None:
        print(f"run {run}: the window ended by itself  FAILED")
        failures += 1
        continue
    killed, undo_steps, painted = kill(window)
    xdotool("mouseup", 1)
    if is_long:
        kept = int(painted / painted_a_step)
        ok = undo_steps <= 1
        what = "steps of one stroke"
    else:
        kept = undo_steps
        ok = kept <= len(moments)
        what = "strokes"
    lost = age_of_first_lost(moments, kept, killed)
    ok = ok and lost <= LOST_AT_MOST
    worst = max(worst, lost)
    print(f"run {run}: {len(moments)} {what}, {kept} saved, {lost:.2f} s lost{'' if ok else '  FAILED'}", flush=True)
    failures += not ok
print(f"{kills} kills, {failures} failed; at most {worst:.2f} s lost")
sys.exit(1 if failures else 0)
PYTHON
