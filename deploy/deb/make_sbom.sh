#!/usr/bin/env bash
# Writes what a sluice is made of as SPDX 2.3 in JSON, to stdout: the shared libraries that the program loads, and those
# that are headers alone and so inside of it, each with version and licence as Debian's package tells; and what the page is
# bundled of, where its lock file is named.
#
#     deploy/deb/make_sbom.sh PROGRAM VERSION [PACKAGE-LOCK.JSON]
#
# Libraries come from ldd, their packages from dpkg, licences from the packages' copyright files: what stands there for
# `Files: *`. Where such a file is prose, the table below says the licence and a text that must stand in the file.
# What cannot be determined is NOASSERTION. SOURCE_DATE_EPOCH is the time of making, where it is set.
set -euo pipefail

(($# == 2 || $# == 3)) || { sed -n '2,/^set -/s/^# \{0,1\}//p' "$0" | sed '/^set -/d' >&2; exit 2; }
program=$1 version=$2 lock=${3:-}

# Libraries without a file of their own; tests/integration/test_package.py holds it against what the compiler read.
headers_alone=(libboost1.74-dev libcli11-dev nlohmann-json3-dev libexpected-dev)

# SOURCE PACKAGE | LICENCE | what its copyright file must have
# Of e2fsprogs, keyutils, libidn2 and mariadb it is their libraries that are linked, which have other licences than the programs.
prose='
bzip2|bzip2-1.0.6|The origin of this software must not be misrepresented
e2fsprogs|MIT|lib/et/
gcc-12|GPL-3.0-or-later WITH GCC-exception-3.1|GCC RUNTIME LIBRARY EXCEPTION
glibc|LGPL-2.1-or-later|GNU Lesser General Public
gnutls28|LGPL-2.1-or-later|The main library is licensed under GNU Lesser
keyutils|LGPL-2.0-or-later|License: LGPL-2+
krb5|BSD-2-Clause|Redistributions in binary form must reproduce the above copyright
libidn2|LGPL-3.0-or-later OR GPL-2.0-or-later|License: LGPL-3+ or GPL-2+
libtasn1-6|LGPL-2.1-or-later|LGPLv2.1+
libgcrypt20|LGPL-2.1-or-later|GNU Lesser general Public
libpcap|BSD-3-Clause|Redistribution and use in source and binary forms
mariadb|LGPL-2.0-or-later|Files: libmariadb/*
net-snmp|MIT-CMU AND BSD-3-Clause|CMU AND THE REGENTS OF THE UNIVERSITY OF CALIFORNIA
'

# Debian's short names that differ from those of SPDX.
declare -A spdx_name=(
  [Expat]=MIT ['Expat with embedded exception']=MIT [BSD-2-clause]=BSD-2-Clause [BSD-3-clause]=BSD-3-Clause [BSD-3-google]=BSD-3-Clause
  [BSD-4-clause]=BSD-4-Clause [LGPL-2+]=LGPL-2.0-or-later [LGPL-2.1+]=LGPL-2.1-or-later [LGPL-3+]=LGPL-3.0-or-later
  [OpenLDAP-2.8]=OLDAP-2.8 [GPL-2]=GPL-2.0-only [GPL-2+]=GPL-2.0-or-later [GPL-3]=GPL-3.0-only [GPL-3+]=GPL-3.0-or-later [PD]=LicenseRef-public-domain
)
# Names that SPDX has just so; any other gets a reference of its own.
same_name=' MIT X11 Zlib Apache-2.0 AFL-2.1 BSL-1.0 CC0-1.0 ISC curl OpenSSL PostgreSQL BSD-3-Clause '

spdx_id() {
  local name=$1
  if [[ -n ${spdx_name[$name]:-} ]]; then
    echo "${spdx_name[$name]}"
  elif [[ $same_name == *" $name "* ]]; then
    echo "$name"
  else
    echo "LicenseRef-${name//[^A-Za-z0-9.-]/-}"
  fi
}

# "GPL-2+ or AFL-2.1, and Expat" as an expression of SPDX. A comma binds less than a word; "and" more than "or".
expression() {
  local text=$1 group part out='' inner word
  while IFS= read -r group; do
    inner=''
    while IFS= read -r part; do
      case $part in
        '') continue ;;
        or | and) word=${part^^}; inner+=" $word " ;;
        *) inner+=$(spdx_id "$part") ;;
      esac
    done < <(sed -E 's/ (or|and) /\n\1\n/g' <<<"$group")
    [[ $inner != *" OR "* || $text != *", and "* ]] || inner="($inner)"
    out+="${out:+ AND }$inner"
  done < <(sed 's/, and /\n/g' <<<"$text")
  echo "$out"
}

licence_of() {
  local source=$2 file=/usr/share/doc/$1/copyright name licence text said
  while IFS='|' read -r name licence text; do
    [[ $name == "$source" ]] || continue
    if grep -qiF "$text" "$file" 2>/dev/null; then echo "$licence"; else echo NOASSERTION; fi
    return
  done <<<"$prose"
  said=$(awk '/^Files: *\*/ { all = 1 } all && /^License:/ { sub(/^License: */, ""); print; exit }' "$file" 2>/dev/null || true)
  if [[ -n $said ]]; then expression "$said"; else echo NOASSERTION; fi
}

# The package of a file, which dpkg may know by its name without /usr or with it.
package_of() {
  local path real
  real=$(realpath "$1")
  for path in "$1" "/usr$1" "${1#/usr}" "$real" "${real#/usr}"; do
    dpkg-query -S "$path" 2>/dev/null | sed -n '1s/[:,].*//p' | grep . && return
  done
  echo "make_sbom.sh: $1 is of no package" >&2
  return 1
}

json() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

declare -A linked=()
while read -r library; do
  linked[$(package_of "$library")]=DYNAMIC_LINK
done < <(ldd "$program" | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }')
for package in "${headers_alone[@]}"; do linked[$package]=STATIC_LINK; done

declare -A references=()
entries=() relations=()

# add NAME VERSION LICENCE SUPPLIER HOW-IT-IS-LINKED PURL SOURCE HOMEPAGE
add() {
  local id=SPDXRef-Package-${1//[^A-Za-z0-9.-]/-}
  entries+=("$(printf '{"SPDXID": "%s", "name": "%s", "versionInfo": "%s", "supplier": "%s", "sourceInfo": %s, "homepage": %s, "downloadLocation": "NOASSERTION", "filesAnalyzed": false, "licenseConcluded": "NOASSERTION", "licenseDeclared": %s, "copyrightText": "NOASSERTION", "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "%s"}]}' \
    "$id" "$1" "$2" "$4" "$(json "$7")" "$(json "${8:-NOASSERTION}")" "$(json "$3")" "$6")")
  relations+=("$(printf '{"spdxElementId": "SPDXRef-Package-sluice", "relationshipType": "%s", "relatedSpdxElement": "%s"}' "$5" "$id")")
}

while read -r package; do
  IFS='|' read -r number source architecture homepage < <(
    dpkg-query -W -f '${Version}|${source:Package}|${Architecture}|${Homepage}\n' "$package" | head -n 1)
  licence=$(licence_of "$package" "$source")
  for word in ${licence//[()]/ }; do [[ $word != LicenseRef-* ]] || references[$word]+=" $package"; done
  # A plus is no sign of a URL that stands for itself.
  add "$package" "$number" "$licence" "Organization: Debian" "${linked[$package]}" \
    "pkg:deb/debian/${package//+/%2B}@$(sed 's/+/%2B/g; s/:/%3A/g; s/~/%7E/g' <<<"$number")?arch=$architecture" \
    "built from Debian's source package $source; licence as its copyright file says it for the whole" "$homepage"
done < <(printf '%s\n' "${!linked[@]}" | LC_ALL=C sort)

# What the bundler may take into the page: everything that is no tool.
if [[ -n $lock ]]; then
  while IFS='|' read -r package number licence; do
    add "$package" "$number" "${licence:-NOASSERTION}" NOASSERTION STATIC_LINK "pkg:npm/${package//@/%40}@$number" \
      "bundled into the page of sluice web; licence as the package tells it" ""
  done < <(node -e '
    const { packages } = JSON.parse(require("fs").readFileSync(process.argv[1]));
    for (const [path, p] of Object.entries(packages))
      if (path && !p.dev) console.log([path.split("node_modules/").pop(), p.version, p.license ?? ""].join("|"));' "$lock")
fi

others=()
for reference in "${!references[@]}"; do
  others+=("$(printf '{"licenseId": "%s", "name": "%s", "extractedText": %s}' "$reference" "${reference#LicenseRef-}" \
    "$(json "See /usr/share/doc/PACKAGE/copyright of${references[$reference]}.")")")
done

listed() {
  local separator='' entry
  for entry in "$@"; do printf '%s    %s' "$separator" "$entry"; separator=$',\n'; done
}

cat <<END
{
  "spdxVersion": "SPDX-2.3",
  "dataLicense": "CC0-1.0",
  "SPDXID": "SPDXRef-DOCUMENT",
  "name": "sluice-$version",
  "documentNamespace": "https://sluice.invalid/spdx/sluice-$version-$(sha256sum "$program" | cut -c 1-32)",
  "comment": "Versions are those that this program was built with; what is loaded is what the machine has installed.",
  "creationInfo": {
    "created": "$(date -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" +%Y-%m-%dT%H:%M:%SZ)",
    "creators": ["Tool: deploy/deb/make_sbom.sh"]
  },
  "documentDescribes": ["SPDXRef-Package-sluice"],
  "packages": [
    {"SPDXID": "SPDXRef-Package-sluice", "name": "sluice", "versionInfo": "$version", "supplier": "NOASSERTION", "downloadLocation": "NOASSERTION", "filesAnalyzed": false, "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION", "primaryPackagePurpose": "APPLICATION"},
$(listed "${entries[@]}")
  ],
  "hasExtractedLicensingInfos": [
$(listed "${others[@]}")
  ],
  "relationships": [
    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-Package-sluice"},
$(listed "${relations[@]}")
  ]
}
END
