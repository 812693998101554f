#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One step of the install test; see CMakeLists.txt here. `install` comes first, the others use what it left.
set -euo pipefail
step=$1 source=$2 build=$3 c_compiler=$4 cxx_compiler=$5 cmake=$6
here=$source/tests/install
scratch=$build/install_test
prefix=$scratch/prefix
work=$scratch/$step

fail() { echo "install_test: $*" >&2; exit 1; }

libdir() { dirname "$(find "$1" -name libtutti.so)"; }

use_pkgconfig() {
  export PKG_CONFIG_PATH
  PKG_CONFIG_PATH=$(libdir "$prefix")/pkgconfig
  # Only what tutti.pc says may be used to find the library.
  unset CPATH LIBRARY_PATH LD_LIBRARY_PATH
}

# Runs what the consumer printed against what the library must say.
expect_output() {
  local got
  got=$("$@") || fail "$1 failed"
  [[ $got == "tutti 0.1.0: sum 3 3 3" ]] || fail "$1 printed '$got'"
}

# build_by_hand FLAGS..: one C and one C++ consumer, with the compilers and pkg-config's flags.
build_by_hand() {
  local compile link
  compile=$(pkg-config --cflags tutti)
  link=$(pkg-config --libs "$@" tutti)
  # shellcheck disable=SC2086  # flags are words
  "$c_compiler" -std=c99 -Wall -Wextra -Wpedantic -Werror $compile "$here/consumer.c" -o "$work/from_c" $link
  # shellcheck disable=SC2086
  "$cxx_compiler" -std=c++20 -Wall -Wextra -Wpedantic -Werror $compile "$here/consumer.cc" -o "$work/from_cxx" $link
}

# build_with_cmake [-D..]: the same two, with find_package.
build_with_cmake() {
  "$cmake" -S "$here/find_package" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$c_compiler" \
    -DCMAKE_CXX_COMPILER="$cxx_compiler" -DCMAKE_BUILD_TYPE=Release "$@" >"$work/configure.log" 2>&1 ||
    { cat "$work/configure.log"; fail "configuring the consumer failed"; }
  "$cmake" --build "$work/build"
  expect_output "$work/build/from_c"
  expect_output "$work/build/from_cxx"
}

links_shared() { grep -q 'NEEDED.*libtutti\.so\.0\]' <<<"$(readelf -d "$1")"; }

run_install() {
  rm -rf "$prefix"
  "$cmake" --install "$build" --prefix "$prefix" >"$work/install.log"
  local header
  for header in "$source"/include/tutti/*; do
    [[ -f $prefix/include/tutti/${header##*/} ]] || fail "${header##*/} is not installed"
  done
  [[ -f $(libdir "$prefix")/libtutti.a ]] || fail "libtutti.a is not installed"
  [[ -f $(libdir "$prefix")/pkgconfig/tutti.pc ]] || fail "tutti.pc is not installed"
}

# The library shows the functions that the headers declare, all of them and nothing else, under a version.
run_symbols() {
  local library declared exported
  library=$(libdir "$prefix")/libtutti.so
  grep -q 'SONAME.*\[libtutti\.so\.0\]' <<<"$(readelf -d "$library")" || fail "the SONAME is not libtutti.so.0"
  [[ -f $(libdir "$prefix")/libtutti.so.0.1.0 ]] || fail "libtutti.so.0.1.0 is missing"
  # A declaration is TUTTI_API, a type, a name and a parenthesis, all on the first line.
  declared=$(sed -n 's/^TUTTI_API [^(]*\<\(tutti_[a-z_]*\)(.*/\1/p' "$prefix"/include/tutti/*.h | sort)
  [[ -n $declared ]] || fail "no declarations found in the headers"
  exported=$(nm -D --defined-only "$library" | awk '$2 != "A" { print $3 }' | sort)
  # shellcheck disable=SC2086  # names are words
  diff <(printf '%s@@TUTTI_0.1\n' $declared) <(echo "$exported") ||
    fail "what the headers declare (<) is not what the library exports (>)"
  ! readelf -d "$library" | grep -E 'RPATH|RUNPATH' || fail "the installed library has a run path"
}

run_pkgconfig_shared() {
  use_pkgconfig
  build_by_hand
  links_shared "$work/from_c" || fail "the C consumer does not link libtutti.so.0"
  links_shared "$work/from_cxx" || fail "the C++ consumer does not link libtutti.so.0"
  LD_LIBRARY_PATH=$(libdir "$prefix") expect_output "$work/from_c"
  LD_LIBRARY_PATH=$(libdir "$prefix") expect_output "$work/from_cxx"
}

run_pkgconfig_static() {
  use_pkgconfig
  # Hide the shared library, so that -ltutti means the static one.
  local static_prefix=$work/prefix
  cp -r "$prefix" "$static_prefix"
  find "$static_prefix" -name 'libtutti.so*' -delete
  PKG_CONFIG_PATH=$(dirname "$(find "$static_prefix" -name tutti.pc)")
  build_by_hand --static
  ! links_shared "$work/from_c" || fail "the consumer links libtutti.so"
  expect_output "$work/from_c"
  expect_output "$work/from_cxx"
}

run_find_package_shared() {
  build_with_cmake -DTUTTI_LIBRARY=tutti::tutti
  links_shared "$work/build/from_c" || fail "the consumer does not link libtutti.so.0"
}

run_find_package_static() {
  build_with_cmake -DTUTTI_LIBRARY=tutti::tutti_static -DTUTTI_COMPONENTS=static
  ! links_shared "$work/build/from_c" || fail "the consumer links libtutti.so"
}

# The shared library's users need none of the packages that it was built with; the static one's are told what is
# missing.
run_find_package_shared_alone() {
  build_with_cmake -DTUTTI_LIBRARY=tutti::tutti -DCMAKE_DISABLE_FIND_PACKAGE_absl=ON
  rm -rf "$work/build"
  if "$cmake" -S "$here/find_package" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" -DTUTTI_COMPONENTS=static \
    -DTUTTI_LIBRARY=tutti::tutti_static -DCMAKE_DISABLE_FIND_PACKAGE_absl=ON >"$work/configure.log" 2>&1; then
    fail "the component static was found without absl"
  fi
  grep -q 'tutti_static needs absl' "$work/configure.log" || fail "nobody said that absl is missing"
}

# An installed tree has no memory of where it was put.
run_moved_prefix() {
  local moved=$work/elsewhere
  cp -r "$prefix" "$moved"
  prefix=$moved
  ! grep -rqF "$scratch/prefix" "$moved" || fail "the tree knows its prefix: $(grep -rlF "$scratch/prefix" "$moved")"
  use_pkgconfig
  build_by_hand
  LD_LIBRARY_PATH=$(libdir "$prefix") expect_output "$work/from_c"
}

# Installed programs find the installed library.
run_programs() {
  local program programs=0 needed loaded
  for program in "$prefix"/bin/*; do
    [[ -x $program ]] || continue
    programs=$((programs + 1))
    env -u LD_LIBRARY_PATH "$program" --help >/dev/null || fail "${program##*/} --help failed"
    # Whole outputs are kept: a pipe into "grep -q" ends its writer early, which pipefail now and then calls a failure.
    needed=$(readelf -d "$program")
    if grep -q 'NEEDED.*libtutti' <<<"$needed"; then
      loaded=$(ldd "$program")
      grep -q "libtutti.so.0 => $(libdir "$prefix")\|libtutti.so.0 => $prefix/bin/" <<<"$loaded" ||
        fail "${program##*/} runs with another libtutti.so: $(grep libtutti <<<"$loaded")"
    fi
    [[ -f $prefix/share/man/man1/${program##*/}.1 ]] || fail "${program##*/} has no man page"
  done
  ((programs >= 2)) || fail "$programs programs are installed"
}

rm -rf "$work"
mkdir -p "$work"
"run_$step"
