#!/bin/sh
# Skein @VERSION@ for @TARGET@, self-extracting: this text, then a gzipped tar of the pinned Deno, the bundled program and its
# native addon. The first run unpacks it into the cache by content hash; later runs start from there.
set -eu

payload_hash=@HASH@
payload_start=@START@

@VULKAN@

fail() {
  printf 'skein: %s\n' "$*" >&2
  exit 1
}

# A directory, not a link, that belongs to this user: one in /tmp may be somebody else's.
is_ours() {
  [ -d "$1" ] && [ ! -L "$1" ] && [ "$(find "$1" -prune -user "$(id -u)")" = "$1" ]
}

cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
cache=${cache:+$cache/skein}
if [ -z "$cache" ] || ! mkdir -p "$cache" 2>/dev/null || [ ! -w "$cache" ]; then
  cache=${TMPDIR:-/tmp}/skein-$(id -u)
  mkdir -m 700 "$cache" 2>/dev/null || is_ours "$cache" ||
    fail "unpack: neither \$HOME/.cache nor $cache can be written to, set XDG_CACHE_HOME or TMPDIR"
fi
if [ -z "${HOME:-}" ] || [ ! -w "$HOME" ]; then
  [ -n "${DENO_DIR:-}${XDG_CACHE_HOME:-}" ] || export DENO_DIR="$cache/deno"
  [ -n "${SKEIN_HOME:-}${XDG_DATA_HOME:-}" ] || export SKEIN_HOME="$cache/data"
fi

digest() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256
  else
    cat >/dev/null && echo "$payload_hash"
  fi | cut -c 1-64
}

# Unpacked beside its place and renamed: two at the same time, or one cut short, leave nothing half done.
unpack() {
  printf 'skein: unpacking into %s (first run only)\n' "$1" >&2
  [ "$(tail -c "+$payload_start" "$0" | digest)" = "$payload_hash" ] ||
    fail "unpack $0: its content does not have the digest $payload_hash, copy it again"
  work=$(mktemp -d "$cache/.unpack.XXXXXX") || fail "unpack: $cache cannot be written to"
  trap 'rm -rf "$work"' EXIT
  tail -c "+$payload_start" "$0" | gzip -dc | tar -xf - -C "$work" ||
    fail "unpack into $cache: gzip or tar failed, free space is needed and both programs"
  chmod 755 "$work"
  # Into an existing directory mv would move it below: then the other one was first, and ours goes.
  mv "$work" "$1" 2>/dev/null || :
  rm -rf "$work" "${1:?}/${work##*/}"
  trap - EXIT
}

place=$cache/$payload_hash
[ -x "$place/bin/deno" ] || unpack "$place"

case " $* " in
  *" --help "* | *" -h "* | *" --version "*) ;;
  *) case ${1:-} in up | miner | validator) ensure_vulkan "$cache/vulkan.lock" ;; esac ;;
esac

export DENO_NO_UPDATE_CHECK=1
exec "$place/bin/deno" run -A --quiet --no-check --v8-flags=--max-semi-space-size=2,--expose-gc --config "$place/program/deno.json" "$place/program/cli.js" "$@"
exit 1
