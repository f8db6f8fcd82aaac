# shellcheck shell=sh
# Finds or installs the one Deno that Skein is built and tested with. Sourced by ./skein; POSIX sh; speaks to stderr only.
#   find_deno STORE...     prints the path of a Deno of the pinned version, or fails
#   install_deno STORE     puts one at STORE/<version>/deno: from npm, else from Deno's own site
# A binary is moved into place by one rename, complete and tried: two installations at the same time do not meet.

DENO_VERSION=2.9.6

say() {
  printf 'skein: %s\n' "$*" >&2
}

is_pinned_deno() {
  [ -x "$1" ] && case $("$1" --version 2>/dev/null) in
    "deno $DENO_VERSION "* | "deno $DENO_VERSION") return 0 ;;
    *) return 1 ;;
  esac
}

find_deno() {
  found=$(command -v deno 2>/dev/null) || found=
  for candidate in "$found" "$@"; do
    [ -d "$candidate" ] && candidate=$candidate/$DENO_VERSION/deno
    if is_pinned_deno "$candidate"; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

# Prints npm's platform name and the target triple of this machine.
deno_platform() {
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) echo "linux-x64-glibc x86_64-unknown-linux-gnu" ;;
    Linux-aarch64 | Linux-arm64) echo "linux-arm64-glibc aarch64-unknown-linux-gnu" ;;
    Darwin-x86_64) echo "darwin-x64 x86_64-apple-darwin" ;;
    Darwin-arm64) echo "darwin-arm64 aarch64-apple-darwin" ;;
    *) return 1 ;;
  esac
}

install_deno() {
  store=$1
  if ! platform=$(deno_platform); then
    say "install Deno: this machine is $(uname -s) $(uname -m), Linux or macOS on x86_64 or arm64 is required"
    return 1
  fi
  mkdir -p "$store/$DENO_VERSION" && work=$(mktemp -d "$store/.install.XXXXXX") || return 1
  status=1
  for source in npm site; do
    if "deno_from_$source" "$work" "$platform" && is_pinned_deno "$work/deno"; then
      mv -f "$work/deno" "$store/$DENO_VERSION/deno" && status=0
      break
    fi
  done
  rm -rf "$work"
  [ "$status" = 0 ] || say "install Deno $DENO_VERSION: neither npm nor dl.deno.land gave a working one;" \
    "install npm (apt-get install npm) or curl and unzip (apt-get install curl unzip), or put deno $DENO_VERSION on PATH"
  return "$status"
}

# The platform package holds the bare binary: the package "deno" would need its install script, which npm may refuse.
deno_from_npm() {
  command -v npm >/dev/null 2>&1 || return 1
  package=@deno/${2%% *}
  say "installing Deno $DENO_VERSION from npm ($package)"
  # Node knows only its own certificate authorities; the machine's count too, as behind a company's proxy.
  authorities=/etc/ssl/certs/ca-certificates.crt
  [ ! -r "$authorities" ] || NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$authorities}
  NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-} npm install --prefix "$1" --cache "$1/cache" --ignore-scripts --no-save --no-audit --no-fund --no-update-notifier --loglevel=error \
    "$package@$DENO_VERSION" >&2 </dev/null || return 1
  chmod 755 "$1/node_modules/$package/deno" && mv "$1/node_modules/$package/deno" "$1/deno"
}

deno_from_site() {
  url=https://dl.deno.land/release/v$DENO_VERSION/deno-${2#* }.zip
  say "installing Deno $DENO_VERSION from $url"
  zip=$1/deno.zip
  if command -v curl >/dev/null 2>&1; then
    curl -fsSL --connect-timeout 20 -o "$zip" "$url" >&2 || return 1
  elif command -v wget >/dev/null 2>&1; then
    wget -q -T 20 -t 1 -O "$zip" "$url" >&2 || return 1
  else
    say "fetch $url: neither curl nor wget is there"
    return 1
  fi
  if command -v unzip >/dev/null 2>&1; then
    unzip -qo "$zip" -d "$1" >&2
  elif command -v bsdtar >/dev/null 2>&1; then
    bsdtar -xf "$zip" -C "$1" >&2
  elif command -v python3 >/dev/null 2>&1; then
    python3 -m zipfile -e "$zip" "$1" >&2
  elif command -v busybox >/dev/null 2>&1; then
    busybox unzip -qo "$zip" -d "$1" >&2
  else
    say "unpack $zip: none of unzip, bsdtar, python3 and busybox is there"
    return 1
  fi && chmod 755 "$1/deno"
}
