#!/usr/bin/env bash
# Makes the files from which the fuzzer starts, in fuzz/corpus/: small pictures of every layout by ImageMagick, libtiff's tools,
# OpenJPEG and exiftool (those that are missing are left out). Nothing of it is committed.

set -u
cd "$(dirname "$0")" || exit 2
command -v convert >/dev/null || { echo "ImageMagick's convert is missing" >&2; exit 2; }
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
mkdir -p corpus/{picture,tiff,mask,exif,iptc,xmp,record,autosave,set_journal,manifest,library}

base=(convert -size 23x17 -seed 7 plasma:red-blue)
for depth in 8 16; do
    "${base[@]}" -depth $depth "$made/rgb$depth.tif"
    "${base[@]}" -colorspace Gray -depth $depth "$made/grey$depth.tif"
    "${base[@]}" -alpha set -channel A -fx '0.3+0.5*i/w' -depth $depth "$made/rgba$depth.tif"
    for kind in rgb grey rgba; do
        convert "$made/$kind$depth.tif" "$made/$kind$depth.png"
        command -v opj_compress >/dev/null && opj_compress -n 3 -i "$made/$kind$depth.tif" -o "$made/$kind$depth.jp2" >/dev/null 2>&1
    done
done
"${base[@]}" -quality 80 "$made/a.jpg"
"${base[@]}" -quality 80 -interlace Plane -sampling-factor 4:2:0 "$made/b.jpg"
"${base[@]}" -colors 8 -type Palette "$made/palette.png"
"${base[@]}" -interlace PNG "$made/interlaced.png"
"${base[@]}" -colors 8 -type Palette "$made/palette.tif"
"${base[@]}" -monochrome "$made/bit.tif"
"${base[@]}" "$made/a.bmp"
"${base[@]}" "$made/a.webp" 2>/dev/null
if command -v tiffcp >/dev/null; then
    for packing in none lzw lzw:2 zip zip:2 packbits; do
        tiffcp -c $packing "$made/rgb8.tif" "$made/rgb8-$packing.tif"
        tiffcp -c $packing -t -w 16 -l 16 "$made/rgb16.tif" "$made/rgb16-tiles-$packing.tif" 2>/dev/null
    done
    tiffcp -B -8 -c zip "$made/rgb16.tif" "$made/big.tif"
    tiffcp -p separate "$made/rgb8.tif" "$made/planes.tif"
    tiffcp "$made/rgb8.tif" "$made/grey8.tif" "$made/pages.tif"
    convert "$made/rgb8.tif" -scale '12x9!' -depth 8 "$made/half.tif"
    tiffcp -c lzw "$made/rgb8.tif" "$made/half.tif" "$made/pyramid.tif"
    tiffset -d 1 -s 254 1 "$made/pyramid.tif"
fi
if command -v exiftool >/dev/null; then
    for file in "$made"/{a.jpg,rgb8.tif,rgb8.png}; do
        exiftool -q -overwrite_original -Make=Maker -Orientation#=6 -XResolution=300 -GPSLatitude=1 -IPTC:Caption-Abstract=caption \
            -XMP:Title=title -XMP-xmpMM:DocumentID=xmp.did:1 -XMP-iptcExt:DigitalSourceType=print "$file" 2>/dev/null
    done
    exiftool -b -XMP "$made/a.jpg" >corpus/xmp/exiftool
    exiftool -b -EXIF "$made/a.jpg" >corpus/exif/exiftool
    exiftool -b -Photoshop "$made/a.jpg" >corpus/iptc/exiftool 2>/dev/null
fi

for file in "$made"/*; do
    [ -s "$file" ] || continue
    name=$(basename "$file")
    cp "$file" "corpus/picture/$name"
    { printf '\x17\x11'; cat "$file"; } >"corpus/mask/$name"
    case $name in
    *.tif) { printf '\x09'; cat "$file"; } >"corpus/tiff/$name" ;;
    esac
done
printf '8BIM\x04\x04\0\0\0\0\0\x07\x1c\x02\x05\0\x02ab\08BIM\x04\x0c\0\0\0\0\0\x02xy' >corpus/iptc/blocks
printf '\niptc\n       4\n1c020500\n' >corpus/iptc/profile
printf 'II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0' >corpus/exif/small
printf 'MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0' >corpus/exif/big-endian
cat >corpus/xmp/packet <<'XMP'
<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about='' xmlns:xmpMM='http://ns.adobe.com/xap/1.0/mm/' xmpMM:DocumentID='xmp.did:1'><xmpMM:History><rdf:Seq><rdf:li rdf:parseType='Resource'/></rdf:Seq></xmpMM:History><xmpMM:DerivedFrom rdf:parseType='Resource'/></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>
XMP
cat >corpus/record/small <<'JSON'
{"schema":"unscratch-restoration-record","schema_version":1,"program":{"name":"Unscratch","version":"0.1.0"},"started":"2026-01-02T03:04:05Z","finished":"2026-01-02T03:04:06Z","operator":null,"reason":null,"master":{"file":"a.tif","format":"TIFF","sha256":"00","page":1,"orientation":1,"resolution":{"x":300.0,"y":300.0,"unit":"inch"}},"picture":{"width":2,"height":1,"bit_depth":8,"channels":"rgb","has_alpha":false},"derivative":{"file":"b.tif","format":"TIFF","sha256":"00","bytes":9,"lossy":false,"quality":null,"largest_difference":0},"mask":{"file":"m.tif","sha256":"00"},"changes":{"file":"c.png","sha256":"00"},"models":[],"runtime":null,"options":{"threshold":null,"threshold_8bit":null,"mask_file":null,"random_seed":null},"pixels":{"masked":0,"blended":0,"changed":0,"changed_outside_mask":0},"areas":[{"x":0,"y":0,"width":1,"height":1,"pixels":1,"origin":"drawn","fill":"network"}],"fill_windows":[{"x":0,"y":0,"width":64,"height":64,"cells":[[0,0]]}],"metadata":{"xmp_extended":false,"digital_source_type":null,"master_digital_source_type":null},"not_carried":[],"notes":[]}
JSON
# The same with a fill from the photo and a cell in pieces.
python3 - <<'PYTHON'
import json
record = json.load(open("corpus/record/small"))
record["schema_version"] = 2
piece = {"x": 0, "y": 0, "width": 64, "height": 40}
record["fill_windows"] = [{"x": 0, "y": 0, "width": 128, "height": 64, "cells": [[0, 0]], "piece": piece}]
area = {"x": 4, "y": 3, "width": 3, "height": 2, "pixels": 6, "strength": 0.5}
source = {"x": 4, "y": 3, "width": 3, "height": 2, "dx": 12, "dy": 5}
record["repairs"] = [{**area, "fill": fill, "sources": [source], "region": "3:4+3;4:4+3", "border": "2:4+3;3:3+1,7+1"}
                     for fill in ("chosen_source", "suggested_source", "shows_through", "network")]
json.dump(record, open("corpus/record/mended", "w"))
PYTHON
# A tile, an edit and a state of an autosave, without checksums: kind, length, content.
python3 - >corpus/autosave/stroke <<'PYTHON'
import struct, sys, zlib
packer = zlib.compressobj(wbits=-15)
tile = struct.pack("<I", 1) + packer.compress(bytes([200]) * 65536) + packer.flush()
slots = struct.pack("<IBIII", 1, 0, 1, 0, 1)
edit = struct.pack("<QI5sB", 5, 5, b"Brush", 90) + slots + b"\0"
state = struct.pack("<QBB", 1000, 2, 128) + slots + struct.pack("<IIIIQIIBI4s", 0, 0, 0, 1, 5, 0, 0, 0, 4, b"zoom")
for kind, content in enumerate((tile, edit, state)):
    sys.stdout.buffer.write(struct.pack("<BH", kind, len(content)) + content)
PYTHON
cat >corpus/set_journal/replaced <<'JSON'
{"version":1,"overwrite":true,"master":null,"files":[{"name":"a","new":{"bytes":5,"modified":{"secs":1000000000,"nanos":0}},"old":{"bytes":3,"modified":{"secs":1000000000,"nanos":0}}},{"name":"m.tif","new":{"bytes":6,"modified":{"secs":1000000000,"nanos":0}},"old":{"bytes":5,"modified":{"secs":1000000000,"nanos":0}}}]}
JSON
for model in ../models/*/manifest.toml; do cp "$model" "corpus/manifest/$(basename "$(dirname "$model")")"; done
head -c 4096 "$(command -v ls)" >corpus/library/program
for folder in corpus/*; do echo "$folder: $(find "$folder" -type f | wc -l) files"; done
