#!/bin/bash
# Builds the libraries of the Windows build, static, with mingw-w64 from Debian's source packages.
#
#   deps.sh            builds what is not built yet, and prints the folder (its lib/pkgconfig is what CMake reads)
#
# The folder is below .cache/ and named after the versions of the packages, the compiler and this script: it is built
# once, and again when one of them changes. /etc/apt is not touched.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${X400_CACHE:-$root/.cache}
triplet=x86_64-w64-mingw32
compiler=$triplet-gcc-win32
packages="apr apr-util expat sqlite3 pcre2 cunit libconfuse jansson libmicrohttpd"
# A binary package of the same source each: its candidate version is known without lists of sources.
binaries="libapr1 libaprutil1 libexpat1 libsqlite3-0 libpcre2-8-0 libcunit1 libconfuse2 libjansson4 libmicrohttpd12"

versions=$(LC_ALL=C apt-cache policy $binaries | sed -n 's/^  Candidate: //p')
key=$({ echo "$versions"; $compiler --version; cat "$here/deps.sh" "$here"/compat/*; } | sha256sum | cut -c1-16)
prefix=$cache/windows/$key
work=$cache/windows/work-$key
source=$work/source

# --- sources

fetch() {
    local apt=$work/apt file package options
    mkdir -p "$apt/parts" "$apt/lists/partial"
    for file in /etc/apt/sources.list.d/*.sources; do
        [ ! -f "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$apt/parts/${file##*/}"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ ! -f "$file" ] || sed -n 's/^deb /deb-src /p' "$file" >"$apt/parts/${file##*/}"
    done
    [ ! -f "$apt/parts/sources.list" ] || mv "$apt/parts/sources.list" "$apt/parts/machine.list"
    options="-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$apt/parts -o Dir::State::Lists=$apt/lists
        -o Dir::Cache::srcpkgcache= -o Dir::Cache::pkgcache= -o APT::Sandbox::User=root -o Acquire::Retries=3"
    apt-get $options -qq update
    for package in $packages; do
        mkdir -p "$source/$package.files"
        # A mirror may not hold the newest security update: then the release's version, or its upstream part.
        (cd "$source/$package.files" &&
            { apt-get $options -qq --download-only source "$package" ||
                apt-get $options -qq --download-only source "$package/$(. /etc/os-release && echo "$VERSION_CODENAME")" ||
                apt-get $options -qq --download-only --tar-only source "$package"; })
        unpack "$package"
    done
}

unpack() {
    local files=$source/$1.files description
    description=$(ls -t "$files"/*.dsc 2>/dev/null | head -1)
    if [ -n "$description" ] && dpkg-source --no-check -x "$description" "$source/$1" >/dev/null; then
        return
    fi
    rm -rf "${source:?}/$1"
    mkdir -p "$source/$1"
    tar -xf "$(ls "$files"/*.orig.tar.*[a-z0-9] | grep -v '\.asc$' | head -1)" -C "$source/$1" --strip-components=1
}

# --- how each is built

configure() {
    cmake -G Ninja -DCMAKE_TOOLCHAIN_FILE="$root/cmake/windows-cross.cmake" -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_POLICY_DEFAULT_CMP0091=NEW "$@"
}

describe() { # NAME VERSION CFLAGS LIBS: what pkg-config tells; all of it, since all is static
    cat >"$prefix/lib/pkgconfig/$1.pc" <<END
prefix=\${pcfiledir}/../..
Name: $1
Description: static library for the Windows build
Version: $2
Cflags: -I\${prefix}/include $3
Libs: -L\${prefix}/lib $4
END
}

upstream() { # the version of a package without what Debian adds
    paste -d ' ' <(printf '%s\n' $packages) <(printf '%s\n' "$versions") | sed -n "s/^$1 \([0-9]*:\)\{0,1\}\([0-9.]*[0-9]\).*/\2/p"
}

build_apr() {
    # APR's own CMake build. It lacks the headers of mingw-w64 (compat), runs a program of the target (gen_test_char),
    # and does not name one library.
    gcc -DWIN32 -O -o "$work/gen_test_char" "$source/apr/tools/gen_test_char.c"
    mkdir -p "$work/compat"
    cp "$here"/compat/*.h "$work/compat/"
    $compiler -O3 -DNDEBUG -DAPR_DECLARE_STATIC -DWINNT -x c-header -o "$work/compat/apr-mingw.h.gch" "$work/compat/apr-mingw.h"
    sed -i -e "s#COMMAND \$<TARGET_FILE:gen_test_char>#COMMAND $work/gen_test_char#" -e 's#^  rpcrt4#&\n  iphlpapi#' \
        "$source/apr/CMakeLists.txt"
    configure -S "$source/apr" -B "$work/apr" -DINSTALL_PDB=OFF -DMIN_WINDOWS_VER=Windows7 -DAPR_BUILD_TESTAPR=OFF \
        -DCMAKE_C_FLAGS="-w -I$work/compat -include $work/compat/apr-mingw.h"
    ninja -C "$work/apr" apr-1
    cp "$work/apr/libapr-1.a" "$prefix/lib/"
    cp "$work/apr/apr.h" "$source"/apr/include/apr_*.h "$prefix/include/"
    describe apr-1 "$(upstream apr)" -DAPR_DECLARE_STATIC \
        "-lapr-1 -lws2_32 -lmswsock -lrpcrt4 -liphlpapi -lshell32 -ladvapi32"
}

build_apr_util() {
    # With the SQLite driver inside, which upstream's static target leaves out.
    sed -i -e 's/^\(#define APU_HAVE_SQLITE3 *\)0/\11/' -e 's/^\(#define APU_HAVE_ODBC *\)1/\10/' \
        "$source/apr-util/include/apu.hwc"
    sed -i -e 's#;APU_DSO_MODULE_BUILD;XML_STATIC")$#;XML_STATIC")#' \
        -e 's#^  dbd/apr_dbd.c#&\n  dbd/apr_dbd_sqlite3.c#' "$source/apr-util/CMakeLists.txt"
    configure -S "$source/apr-util" -B "$work/apr-util" -DINSTALL_PDB=OFF -DAPR_HAS_LDAP=OFF -DAPU_HAVE_ODBC=OFF \
        -DAPR_INCLUDE_DIR="$prefix/include" -DAPR_LIBRARIES="$prefix/lib/libapr-1.a" \
        -DEXPAT_INCLUDE_DIR="$prefix/include" -DEXPAT_LIBRARY="$prefix/lib/libexpat.a" \
        -DCMAKE_C_FLAGS="-w -I$work/compat -include $work/compat/apr-mingw.h -I$prefix/include"
    ninja -C "$work/apr-util" aprutil-1
    cp "$work/apr-util/libaprutil-1.a" "$prefix/lib/"
    cp "$work"/apr-util/*.h "$source"/apr-util/include/*.h "$prefix/include/"
    describe apr-util-1 "$(upstream apr-util)" "-DAPU_DECLARE_STATIC -DAPR_DECLARE_STATIC" \
        "-laprutil-1 -lapr-1 -lsqlite3 -lexpat -lws2_32 -lmswsock -lrpcrt4 -liphlpapi -lshell32 -ladvapi32"
}

build_expat() {
    # Debian's patched source asks for XML_DTD == 1, which its CMake build leaves empty.
    sed -i 's/^#cmakedefine XML_DTD$/#cmakedefine XML_DTD 1/' "$source/expat/expat/expat_config.h.cmake"
    configure -S "$source/expat/expat" -B "$work/expat" -DEXPAT_SHARED_LIBS=OFF -DEXPAT_BUILD_TOOLS=OFF \
        -DEXPAT_BUILD_EXAMPLES=OFF -DEXPAT_BUILD_TESTS=OFF -DEXPAT_BUILD_DOCS=OFF
    ninja -C "$work/expat" install
}

build_sqlite3() {
    # The source package has no amalgamation: its makefile makes one, with this machine's compiler and Tcl.
    mkdir -p "$work/sqlite3"
    cd "$work/sqlite3"
    "$source/sqlite3/configure" --disable-tcl --disable-readline --disable-load-extension >/dev/null
    make -s sqlite3.c
    $compiler -O2 -DSQLITE_THREADSAFE=1 -DSQLITE_OMIT_LOAD_EXTENSION -c sqlite3.c -o sqlite3.o
    $triplet-ar rcs "$prefix/lib/libsqlite3.a" sqlite3.o
    cp sqlite3.h sqlite3ext.h "$prefix/include/"
    describe sqlite3 "$(upstream sqlite3)" "" -lsqlite3
}

build_pcre2() {
    configure -S "$source/pcre2" -B "$work/pcre2" -DBUILD_SHARED_LIBS=OFF -DBUILD_STATIC_LIBS=ON \
        -DPCRE2_BUILD_PCRE2GREP=OFF -DPCRE2_BUILD_TESTS=OFF -DPCRE2_SUPPORT_JIT=ON
    ninja -C "$work/pcre2" install
    describe libpcre2-8 "$(upstream pcre2)" -DPCRE2_STATIC -lpcre2-8
}

build_cunit() {
    local sources
    sources=$(dirname "$(find "$source/cunit" -path '*/Sources/Framework' | head -1)")
    mkdir -p "$work/cunit" "$prefix/include/CUnit"
    cd "$work/cunit"
    $compiler -w -O2 -I"$sources/../Headers" -c "$sources"/{Automated/Automated,Basic/Basic,Console/Console}.c \
        "$sources"/Framework/{CUError,MyMem,TestDB,TestRun,Util}.c
    $triplet-ar rcs "$prefix/lib/libcunit.a" ./*.o
    cp "$sources"/../Headers/*.h "$prefix/include/CUnit/"
    describe cunit "$(upstream cunit)" "" -lcunit
}

build_libconfuse() {
    # Four files and a generated one; its autoconf script does not come with the source.
    local sources=$source/libconfuse/src version
    version=$(upstream libconfuse)
    mkdir -p "$work/libconfuse"
    cd "$work/libconfuse"
    flex -Pcfg_yy -o lexer.c "$sources/lexer.l"
    printf '#define %s\n' 'PACKAGE_NAME "libConfuse"' "PACKAGE_VERSION \"$version\"" "PACKAGE_STRING \"libConfuse $version\"" \
        'PACKAGE "confuse"' "VERSION \"$version\"" 'HAVE_STRING_H 1' 'HAVE_STDLIB_H 1' 'HAVE_SYS_STAT_H 1' 'HAVE_STRDUP 1' \
        'HAVE_STRCASECMP 1' 'HAVE__FILENO 1' 'HAVE_UNISTD_H 1' 'HAVE_WINDOWS_H 1' >config.h
    $compiler -w -O2 -DHAVE_CONFIG_H -I. -I"$sources" -c "$sources"/{confuse,reallocarray,fmemopen}.c lexer.c
    $triplet-ar rcs "$prefix/lib/libconfuse.a" ./*.o
    cp "$sources/confuse.h" "$prefix/include/"
    describe libconfuse "$version" "" -lconfuse
}

build_jansson() {
    configure -S "$source/jansson" -B "$work/jansson" -DJANSSON_BUILD_DOCS=OFF -DJANSSON_EXAMPLES=OFF \
        -DJANSSON_WITHOUT_TESTS=ON
    ninja -C "$work/jansson" install
    describe jansson "$(upstream jansson)" "" -ljansson
}

build_libmicrohttpd() {
    mkdir -p "$work/libmicrohttpd"
    cd "$work/libmicrohttpd"
    "$source/libmicrohttpd/configure" --host=$triplet CC=$compiler --disable-https --disable-curl --disable-doc \
        --disable-examples --enable-static --disable-shared --with-threads=auto --prefix="$prefix" CFLAGS=-O2
    make -s -j2 -C src/microhttpd install
    cp "$source/libmicrohttpd/src/include/microhttpd.h" "$prefix/include/"
    describe libmicrohttpd "$(upstream libmicrohttpd)" "" "-lmicrohttpd -lws2_32"
}

# --- two lines of work, as there are two processors everywhere

if [ "${1:-}" = step ]; then
    "$2"
    exit
fi
if [ -f "$prefix/complete" ]; then
    echo "$prefix"
    exit 0
fi
rm -rf "$prefix" "$work"
mkdir -p "$source" "$work/log" "$prefix/lib/pkgconfig" "$prefix/include"

# Each step is a process of its own, so that the first command that fails ends it.
line() {
    local each began
    for each in "$@"; do
        began=$SECONDS
        if ! bash "$here/deps.sh" step "$each" >"$work/log/$each.log" 2>&1; then
            tail -40 "$work/log/$each.log" >&2
            echo "deps: $each failed" >&2
            return 1
        fi
        echo "deps: $each $((SECONDS - began)) s" >&2
    done
}

line fetch
line build_expat build_apr build_libmicrohttpd build_jansson &
other=$!
line build_sqlite3
wait $other
line build_apr_util & # needs APR, expat and SQLite
other=$!
line build_pcre2 build_cunit build_libconfuse
wait $other
paste -d ' ' <(printf '%s\n' $packages) <(printf '%s\n' "$versions") >"$prefix/complete"
rm -rf "$work"
echo "$prefix"
