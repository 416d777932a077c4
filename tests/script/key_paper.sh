#!/usr/bin/env bash
# A scanner reads the private key off the terminal, off the text and off the page in a browser.
source "$(dirname "$0")/lib.sh"
type -P zbarimg convert > /dev/null || skip "zbar-tools or imagemagick is not installed"

make_key
key=$(grep AGE-SECRET-KEY key.txt)

# scan IMAGE: what the only code in it says. Never through a server: D-Bus is not there.
scan() { zbarimg -q --raw --nodbus "$1" 2> /dev/null || zbarimg -q --raw "$1" 2> "$folder/zbar"; }
# blocks_to_image BLACK WHITE < TEXT > PBM: the lines of half blocks, whichever of the two is ink.
blocks_to_image() {
  grep '[▀▄█]' | sed 's/█/B/g; s/▀/U/g; s/▄/L/g; s/ /N/g' |
    awk -v ink="$1" '
      { for (half = 0; half < 2; half++) {
          line = ""
          for (at = 1; at <= length($0); at++) {
            letter = substr($0, at, 1)
            set = letter == "B" || letter == (half ? "L" : "U")
            line = line (ink == "dark" ? set : !set) " "
          }
          lines[++count] = line
          if (length($0) > width) width = length($0)
        } }
      END { print "P1"; print width, count; for (at = 1; at <= count; at++) print lines[at] }' |
    convert pbm:- -bordercolor white -border 4 -filter point -resize 600% "$2"
}

lifeboat keygen --qr key.txt -o -
expect 0
stdout_lacks AGE-SECRET-KEY
blocks_to_image light terminal.png < "$folder/out"
[[ $(scan terminal.png) == "$key" ]] || fail "the code on the terminal"

lifeboat keygen --paper key.txt -o key.txt.txt
expect 0
mode_is key.txt.txt 600
sed 's/[^▀▄█ ]//g' key.txt.txt | blocks_to_image dark paper.png
[[ $(scan paper.png) == "$key" ]] || fail "the code on the text"

lifeboat keygen --paper key.txt -o key.html --host vps-h1
expect 0
mode_is key.html 600
chromium=$(type -P chromium) || skip "chromium is not installed: only terminal and text were scanned"
HOME=$place timeout 60 "$chromium" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
  --user-data-dir="$place/profile" --window-size=900,1400 --screenshot="$place/page.png" \
  "file://$place/key.html" > chromium.log 2>&1 || fail "chromium: $(tail -n 5 chromium.log)"
[[ $(scan page.png) == "$key" ]] || fail "the code on the page"
