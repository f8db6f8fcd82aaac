# shellcheck shell=sh
# Makes sure that WebGPU finds a Vulkan driver on Linux: Mesa's software one when there is none. Sourced by ./skein and
# inlined into the self-extracting file; POSIX sh; speaks to stderr only, and never fails: without a driver the program
# itself says what it found.
#   ensure_vulkan LOCK     LOCK is a file of ours by which two at the same time take turns

ensure_vulkan() {
  [ "$(uname -s)" = Linux ] || return 0
  missing=$(missing_vulkan_packages)
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    if command -v apt-get >/dev/null 2>&1; then
      advise_vulkan "no Vulkan driver is installed, run: sudo apt-get install -y $missing"
    else
      advise_vulkan "no Vulkan driver is installed, install Mesa's Vulkan drivers with your package manager"
    fi
    return 0
  fi
  (
    if command -v flock >/dev/null 2>&1 && : 2>/dev/null >>"$1"; then
      exec 9>>"$1"
      flock 9
      missing=$(missing_vulkan_packages)
      [ -n "$missing" ] || exit 0
    fi
    advise_vulkan "no Vulkan driver is installed, installing $missing"
    install_packages "$missing" </dev/null >&2 ||
      advise_vulkan "apt-get failed, going on without: run apt-get update && apt-get install -y $missing"
  )
}

advise_vulkan() {
  printf 'skein: %s\n' "$*" >&2
}

# dpkg needs the sbin directories, which a bare PATH lacks.
install_packages() {
  PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
  DEBIAN_FRONTEND=noninteractive
  export PATH DEBIAN_FRONTEND
  # shellcheck disable=SC2086  # a list of package names
  apt-get -qq -o DPkg::Lock::Timeout=300 update 9>&- &&
    apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install -y --no-install-recommends $1 9>&-
}

missing_vulkan_packages() {
  if ! has_vulkan_driver; then
    echo mesa-vulkan-drivers
  elif ! has_vulkan_loader; then
    echo libvulkan1
  fi
}

has_vulkan_driver() {
  [ -n "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}${VK_ADD_DRIVER_FILES:-}" ] && return 0
  for driver in /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json /usr/local/share/vulkan/icd.d/*.json \
    /usr/local/etc/vulkan/icd.d/*.json "${XDG_DATA_HOME:-${HOME:-}/.local/share}"/vulkan/icd.d/*.json; do
    [ -e "$driver" ] && return 0
  done
  return 1
}

has_vulkan_loader() {
  [ -n "${LD_LIBRARY_PATH:-}" ] && return 0
  for loader in /usr/lib/*/libvulkan.so.1 /usr/lib/libvulkan.so.1 /usr/lib64/libvulkan.so.1 /lib/*/libvulkan.so.1 \
    /usr/local/lib/libvulkan.so.1 /usr/local/lib/*/libvulkan.so.1; do
    [ -e "$loader" ] && return 0
  done
  return 1
}
