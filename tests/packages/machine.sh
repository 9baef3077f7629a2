# The fresh Debian that packages are installed on. Included by run.sh, which defines top and work.

cache=$top/.cache/packages

# The packages as a Debian of another version builds them: made in a root folder of that version, which is kept.
machine_build() { # OUTDIR
    builder=$cache/builder-$codename
    if [ ! -e "$builder/made" ]; then
        rm -rf "$builder"
        mkdir -p "$cache"
        mmdebstrap --variant=minbase --include=build-essential,debhelper,fakeroot --dpkgopt=force-unsafe-io \
            --aptopt='Acquire::Languages "none"' \
            $codename "$builder" "deb http://deb.debian.org/debian $codename main" || return 1
        touch "$builder/made"
    fi
    rm -rf "$builder/source" "$builder/out"
    sh installer/copy-tree.sh "$builder/source"
    cp /etc/resolv.conf "$builder/etc/resolv.conf"
    unshare -m sh -c 'mount -t proc proc "$1/proc" && exec chroot "$1" sh /source/installer/debian/build.sh /out' - \
        "$builder" && mkdir -p "$1" && cp "$builder/out"/* "$1"
}

# What the packages in a folder depend on (of alternatives the first), so that installing them needs no network;
# and the name of the archive that has it.
machine_choose() { # FOLDER
    contents=$({
        for package in x400mta x400mta-tools x400mta-doc; do
            dpkg-deb -f "$1/$package"_*.deb Depends Pre-Depends | sed 's/^[A-Za-z-]*: //' | tr ',' '\n' |
                sed 's/|.*//; s/(.*//; s/ //g' | grep -v '^x400mta'
        done
        printf 'systemd\nsystemd-sysv\nlogrotate\n'
    } | grep . | sort -u | paste -s -d, -)
    root_tar=$cache/$codename-$(printf '%s' "$contents" | md5sum | cut -c1-12).tar
}

# Makes the archive of the root folder, unless it is there already.
machine_make() {
    [ -s "$root_tar" ] && return 0
    mkdir -p "$cache"
    rm -f "$cache/$codename"-*.tar # of other contents
    mmdebstrap --variant=minbase --include="$contents" --dpkgopt=force-unsafe-io \
        --aptopt='Acquire::Languages "none"' --dpkgopt='path-exclude=/usr/share/locale/*' \
        $codename "$root_tar.new.tar" "deb http://deb.debian.org/debian $codename main" || return 1
    mv "$root_tar.new.tar" "$root_tar"
}

machine_unpack() { # FOLDER
    mkdir "$1" && tar -C "$1" -xpf "$root_tar" && chmod 755 "$1"
}

# The same packages as an older version: FROM TO. Its default configuration differs, so that an upgrade has
# something to decide.
machine_older() {
    for package in x400mta x400mta-tools x400mta-doc; do
        folder=$work/older
        dpkg-deb -R "$1/$package"_*.deb "$folder"
        sed -i 's/^Version: .*/Version: 0.0.1/' "$folder/DEBIAN/control"
        if [ -e "$folder/etc/x400mta/x400mta.conf" ]; then
            echo "# of version 0.0.1" >>"$folder/etc/x400mta/x400mta.conf"
        fi
        dpkg-deb --root-owner-group -b "$folder" "$2/older-$package.deb" >/dev/null
        rm -rf "$folder"
    done
}
