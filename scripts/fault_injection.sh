#!/usr/bin/env bash
# Breaks exports in every way a disk can and looks at what is left: the master and older derivatives untouched,
# nothing partial under a final name, the target's name in the message. Not part of `make test`, since it takes
# minutes and the full disk needs the right to mount.
#
# Usage: scripts/fault_injection.sh [kills [kills of mended exports]] (default 200 and 60)
# UNSCRATCH names the binary (default target/release/unscratch). Needs ImageMagick, root for the full disk, and strace to
# kill a dossier between any two of its renames.

set -u -o pipefail
unset CDPATH

kills=${1:-200}
mended_kills=${2:-60}
program=${UNSCRATCH:-target/release/unscratch}
[ -x "$program" ] || { echo "there is no program $program; build it first or name it with UNSCRATCH" >&2; exit 2; }
program=$(realpath "$program")
command -v convert >/dev/null || { echo "ImageMagick's convert is missing" >&2; exit 2; }

work=$(mktemp -d)
mounted=
clean_up() {
    [ -n "$mounted" ] && umount "$mounted"
    chmod -R u+w "$work"
    rm -rf "$work"
}
trap clean_up EXIT
cd "$work" || exit 2
# Where an export notes that it has begun.
export XDG_DATA_HOME=$work/data

failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
hash_of() { sha256sum "$1" | cut -d' ' -f1; }

mkdir in
# Noise, so that files are large and writing takes its time; an empty mask, so that no network has to run where exports are
# killed; what is repaired is killed further below, and meets a full disk first, with masks of their own.
convert -size 1600x1200 -seed 7 xc:grey50 +noise Random -depth 16 in/master.png
convert in/master.png -compress lzw in/master.tif
convert in/master.png -quality 93 -sampling-factor 4:2:0 in/master.jpg
convert -size 1600x1200 xc:black -depth 8 in/mask.png
convert -size 1600x1200 xc:black -fill white -draw 'rectangle 800,400 802,440' -threshold 50% -depth 8 in/scratch.png
chmod a-w in/*
declare -A master_hash
for kind in png tif jpg; do master_hash[$kind]=$(hash_of "in/master.$kind"); done

masters_are_whole() {
    local kind
    for kind in png tif jpg; do
        [ "$(hash_of "in/master.$kind")" = "${master_hash[$kind]}" ] || fail "$1: master.$kind has changed"
    done
}

# A run that must fail and name the target, not the temporary file.
must_fail() {
    local what=$1
    shift
    if "$program" "$@" >out.txt 2>err.txt; then
        fail "$what: the export went through"
    fi
    grep -q '\.part' err.txt && fail "$what: the message names the temporary file: $(cat err.txt)"
    grep -qi 'panic' err.txt && fail "$what: $(cat err.txt)"
    printf '%-34s %s\n' "$what" "$(tail -n1 err.txt)"
    masters_are_whole "$what"
}

# --- a disk that is full ------------------------------------------------------------------------------------------
mkdir small
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=512k tmpfs small 2>/dev/null; then
    mounted=$work/small
    for kind in png tif jpg; do
        rm -f small/kept.*
        echo older >"small/kept.$kind"
        must_fail "full disk, $kind" inpaint "in/master.$kind" --mask in/scratch.png -o "small/new.$kind"
        grep -q 'the disk is full' err.txt || fail "full disk, $kind: the message does not say so"
        must_fail "full disk, $kind over an older file" inpaint "in/master.$kind" --mask in/scratch.png -o "small/kept.$kind" --overwrite
        grep -q 'the disk is full' err.txt || fail "full disk, over an older file: the message does not say so"
        [ "$(cat "small/kept.$kind")" = older ] || fail "full disk: the older derivative has changed"
        [ "$(find small -type f | wc -l)" = 1 ] || fail "full disk: something was left: $(ls -A small)"
        must_fail "full disk, $kind with dossier" inpaint "in/master.$kind" --mask in/scratch.png -o "small/set.$kind" --dossier
        grep -q 'the disk is full' err.txt || fail "full disk, dossier: the message does not say so"
        grep -q "small/set" err.txt || fail "full disk, dossier: the message does not name the file: $(cat err.txt)"
        [ "$(find small -type f | wc -l)" = 1 ] || fail "full disk: something of a dossier was left: $(ls -A small)"
    done
    umount small
    mounted=
    # A disk that may not be written to at all; this holds for root as well.
    if mount -t tmpfs -o ro tmpfs small 2>/dev/null; then
        mounted=$work/small
        must_fail "disk mounted read-only" inpaint in/master.png --mask in/mask.png -o small/new.png
        umount small
        mounted=
    fi
else
    echo "SKIPPED: full disk and read-only disk, which need root and the right to mount"
fi

# --- folders that may not be written to ---------------------------------------------------------------------------
mkdir locked
chmod a-w locked
if [ "$(id -u)" = 0 ]; then
    # Rights do not hold for root, so somebody else has to try.
    if command -v setpriv >/dev/null && cp "$program" ./unprivileged 2>/dev/null; then
        chmod a+rx . unprivileged in
        chmod a+r in/*
        real=$program
        models=${UNSCRATCH_MODELS:-}
        program=$work/as_nobody.sh
        printf '#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups %q "$@" %s\n' \
            "$work/unprivileged" "${models:+--models $models}" >"$program"
        chmod a+rx "$program"
        must_fail "folder without the right to write" inpaint in/master.png --mask in/mask.png -o locked/new.png
        program=$real
    else
        echo "SKIPPED: folder without the right to write, which root does not feel"
    fi
else
    must_fail "folder without the right to write" inpaint in/master.png --mask in/mask.png -o locked/new.png
fi
[ -z "$(ls -A locked)" ] || fail "locked folder: something was left in it"

# --- the master under other names ---------------------------------------------------------------------------------
mkdir names
cp in/master.png names/master.png
ln names/master.png names/hard.png
ln -s master.png names/soft.png
mkdir names/sub
ln -s .. names/sub/up
before=$(hash_of names/master.png)
for name in master.png hard.png soft.png sub/../master.png sub/up/master.png; do
    must_fail "master as names/$name" inpaint names/master.png --mask in/mask.png -o "names/$name" --overwrite
    [ "$(hash_of names/master.png)" = "$before" ] || fail "master written through names/$name"
done

# --- ended at once, at random moments -----------------------------------------------------------------------------
mkdir killed
killed=0
finished=0
complete=0
partial=0
leftovers=0
RANDOM=20261122
for kind in png tif jpg; do
    # Without a history, which names the time, an export gives the same bytes whenever it is made.
    export_as() { "$program" -q inpaint "in/master.$kind" --mask in/mask.png --metadata untouched --overwrite -o "$1"; }
    kept=killed/kept.$kind
    export_as "$kept" || fail "an export without a fault, $kind"
    whole=$(hash_of "$kept")
    started=$(date +%s%N)
    export_as "$kept" || fail "an export over an older one, $kind"
    length=$((($(date +%s%N) - started) / 1000000))
    [ "$(hash_of "$kept")" = "$whole" ] || fail "two exports of master.$kind differ"
    for ((round = 0; round < (kills + 2) / 3; round++)); do
        # Every other round over an older derivative, the others under a new name.
        name=killed/derivative.$kind
        rm -f "$name"
        older=none
        if ((round % 2)); then
            echo "older $round" >"$name"
            older=$(hash_of "$name")
        fi
        # Not through a function: the process itself has to be hit, not a shell around it.
        "$program" -q inpaint "in/master.$kind" --mask in/mask.png --metadata untouched --overwrite -o "$name" 2>/dev/null &
        process=$!
        sleep "$(awk -v ms=$((RANDOM % (length + length / 10 + 1))) 'BEGIN { printf "%.3f", ms / 1000 }')"
        kill -9 "$process" 2>/dev/null
        if wait "$process" 2>/dev/null; then finished=$((finished + 1)); else killed=$((killed + 1)); fi
        left=$(find killed -name '.unscratch-*' | wc -l)
        if ((left)); then
            leftovers=$((leftovers + 1))
            find killed -name '.unscratch-*' -delete
        fi
        found=none
        [ -e "$name" ] && found=$(hash_of "$name")
        if [ "$found" = "$whole" ]; then
            complete=$((complete + 1))
        elif [ "$found" != "$older" ]; then
            partial=$((partial + 1))
            fail "kill -9, $kind: neither the older file nor a whole new one under a final name"
        fi
        [ "$(hash_of "$kept")" = "$whole" ] || fail "kill -9, $kind: the derivative beside has changed"
    done
done
masters_are_whole "kill -9"
echo "kill -9: $killed exports ended at once, $finished were done before; $complete whole derivatives, $partial partial ones;"
echo "         $leftovers left a hidden .unscratch-*.part behind"

# What a killed run left is removed by the next one, though not at once: another might just be making it.
touch -d '1 minute ago' "killed/.unscratch-4194999-aBc123.part"
"$program" inpaint in/master.png --mask in/mask.png -o killed/next.png >out.txt 2>err.txt || fail "an export beside a leftover"
[ -z "$(find killed -name '.unscratch-*')" ] || fail "a leftover was not removed: $(ls -A killed)"

# --- ended at once while what was repaired is written ------------------------------------------------------------
# The mask is a line from top to bottom, so that every strip of the TIFF is packed again; the kill comes while the
# hidden file is there, since the networks take most of the time before.
mkdir mended
convert in/master.png -crop 800x600+0+0 +repage in/scan.png
convert in/scan.png -compress lzw -define tiff:rows-per-strip=4 in/scan.tif
convert in/scan.png -quality 93 -sampling-factor 4:2:0 in/scan.jpg
convert -size 800x600 xc:black -fill white -draw 'rectangle 400,0 402,599' -threshold 50% -depth 8 in/line.png
now() { echo $(($(date +%s%N) / 1000000)); }
wait_for_part() {
    until [ -n "$(compgen -G 'mended/.unscratch-*')" ]; do
        kill -0 "$process" 2>/dev/null || return
    done
}
mended_killed=0 mended_finished=0 mended_complete=0 mended_partial=0 mended_left=0
for kind in tif png jpg; do
    scan_hash=$(hash_of "in/scan.$kind")
    mend() { exec "$program" -q inpaint "in/scan.$kind" --mask in/line.png --metadata untouched --overwrite -o "$1"; }
    kept=mended/kept.$kind
    (mend "$kept") || fail "a mended export without a fault, $kind"
    whole=$(hash_of "$kept")
    [ "$whole" != "$scan_hash" ] || fail "nothing was mended, $kind"
    (mend "$kept") &
    process=$!
    wait_for_part
    started=$(now)
    wait "$process" || fail "a mended export over an older one, $kind"
    length=$(($(now) - started))
    [ "$(hash_of "$kept")" = "$whole" ] || fail "two mended exports of scan.$kind differ"
    for ((round = 0; round < (mended_kills + 2) / 3; round++)); do
        name=mended/derivative.$kind
        rm -f "$name"
        older=none
        if ((round % 2)); then
            echo "older $round" >"$name"
            older=$(hash_of "$name")
        fi
        (mend "$name") 2>/dev/null &
        process=$!
        wait_for_part
        sleep "$(awk -v ms=$((RANDOM % (length + 1))) 'BEGIN { printf "%.3f", ms / 1000 }')"
        kill -9 "$process" 2>/dev/null
        if wait "$process" 2>/dev/null; then mended_finished=$((mended_finished + 1)); else mended_killed=$((mended_killed + 1)); fi
        if [ -n "$(compgen -G 'mended/.unscratch-*')" ]; then
            mended_left=$((mended_left + 1))
            find mended -name '.unscratch-*' -delete
        fi
        found=none
        [ -e "$name" ] && found=$(hash_of "$name")
        if [ "$found" = "$whole" ]; then
            mended_complete=$((mended_complete + 1))
        elif [ "$found" != "$older" ]; then
            mended_partial=$((mended_partial + 1))
            fail "kill -9 while mended, $kind: neither the older file nor a whole new one under a final name"
        fi
        [ "$(hash_of "$kept")" = "$whole" ] || fail "kill -9 while mended, $kind: the derivative beside has changed"
    done
    [ "$(hash_of "in/scan.$kind")" = "$scan_hash" ] || fail "kill -9 while mended: scan.$kind has changed"
done
echo "kill -9 while what was repaired is written: $mended_killed ended at once, $mended_finished were done before;"
echo "         $mended_complete whole derivatives, $mended_partial partial ones; $mended_left left a hidden file behind"

# --- a dossier over an older one, ended at once ---------------------------------------------------------------------
# The whole set must be the older or the newer one; half of each may only be there until the next run or verify.
mkdir dossier
set=dossier/set.tif
record=dossier/set.restoration.json
write_set() { "$program" -q inpaint in/master.tif --mask in/mask.png --dossier --overwrite --operator "$1" -o "$set"; }
set_is_whole() { (cd dossier && sha256sum --quiet -c set.manifest-sha256.txt >/dev/null 2>&1); }
operator_of() { sed -n 's/^  "operator": "\(.*\)",$/\1/p' "$record"; }
sets_killed=0
sets_mixed=0
sets_finished=0
sets_newer=0

# Looks at the set after a kill, and again after verify; $1 is who wrote the older one, $2 the newer one.
check_set() {
    set_is_whole || sets_mixed=$((sets_mixed + 1))
    if ! "$program" verify "$record" --hashes --master in/master.tif >out.txt 2>err.txt; then
        fail "dossier after kill -9: verify says $(cat out.txt err.txt)"
    fi
    grep -q 'interrupted was finished' err.txt && sets_finished=$((sets_finished + 1))
    set_is_whole || fail "dossier after kill -9 and verify: old and new files are mixed"
    case $(operator_of) in
        "$1") ;;
        "$2") sets_newer=$((sets_newer + 1)) ;;
        *) fail "dossier after kill -9: the record is of neither set" ;;
    esac
    [ "$(find dossier -type f | wc -l)" -ge 5 ] || fail "dossier after kill -9: files are missing: $(ls -A dossier)"
}

write_set "round 0" || fail "a dossier without a fault"
started=$(date +%s%N)
write_set "round 0" || fail "a dossier over an older one"
length=$((($(date +%s%N) - started) / 1000000))
before="round 0"
for ((round = 1; round <= (kills + 3) / 4; round++)); do
    "$program" -q inpaint in/master.tif --mask in/mask.png --dossier --overwrite --operator "round $round" -o "$set" 2>/dev/null &
    process=$!
    sleep "$(awk -v ms=$((RANDOM % (length + length / 10 + 1))) 'BEGIN { printf "%.3f", ms / 1000 }')"
    kill -9 "$process" 2>/dev/null
    wait "$process" 2>/dev/null || sets_killed=$((sets_killed + 1))
    check_set "$before" "round $round"
    before=$(operator_of)
done
echo "dossier, kill -9 at random moments: $sets_killed ended at once, $sets_mixed half-given sets, $sets_finished finished by verify"

if command -v strace >/dev/null; then
    sets_killed=0 sets_mixed=0 sets_finished=0 sets_newer=0
    for call in renameat2 rename link,linkat unlink,unlinkat rmdir; do
        for ((round = 1; round <= 7; round++)); do
            # Ended at its Nth such call; without so many the run simply ends well.
            {
                strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$round" \
                    "$program" -q inpaint in/master.tif --mask in/mask.png --dossier --overwrite \
                    --operator "$call $round" -o "$set" || sets_killed=$((sets_killed + 1))
            } 2>/dev/null
            check_set "$before" "$call $round"
            before=$(operator_of)
        done
    done
    echo "dossier, kill -9 at each change of a name: $sets_killed ended at once, $sets_mixed half-given sets,"
    echo "         $sets_finished finished by verify, $sets_newer times the newer set was whole"
    [ "$sets_finished" -ge 1 ] || fail "no kill fell between two names, so nothing was tested"
else
    echo "SKIPPED: a dossier killed at each change of a name, which needs strace"
fi
masters_are_whole "dossier, kill -9"

if ((failures)); then
    echo "$failures checks failed"
    exit 1
fi
echo "all checks passed"
