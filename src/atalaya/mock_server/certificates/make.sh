#!/bin/sh
# Makes the certificates of the loopback service anew: sh src/atalaya/mock_server/certificates/make.sh
# Needs OpenSSL 3. The authority's own key is not kept, so nobody can sign anything more in its name.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir issued
: > index.txt

# What `openssl ca` wants to know. It alone can date a certificate back, with every OpenSSL 3.
cat > ca.conf <<'CONF'
[ca]
default_ca = loopback
[loopback]
new_certs_dir = issued
database = index.txt
rand_serial = yes
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[here]
subjectAltName = IP:127.0.0.1, DNS:localhost
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[elsewhere]
subjectAltName = DNS:elsewhere.invalid
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
CONF

# key and request: NAME COMMON_NAME
ask() {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$1.key" -out "$1.csr" \
        -subj "/CN=$2" 2>/dev/null
}

# certificate: NAME EXTENSIONS LAST_DAY, then what signs it
sign() {
    name=$1 extensions=$2 last=$3
    shift 3
    openssl ca -batch -notext -config ca.conf -extensions "$extensions" -startdate 20000101000000Z \
        -enddate "$last"000000Z -in "$name.csr" -out "$name.crt" "$@" 2>/dev/null
}

ask authority "Loopback tests only"
sign authority authority 20991231 -selfsign -keyfile authority.key
cp authority.crt "$here/authority.pem"

for each in "trusted here 20991231" "wrong-host elsewhere 20991231" "expired here 20010101"; do
    set -- $each
    ask "$1" "Loopback tests only: $1"
    sign "$1" "$2" "$3" -cert authority.crt -keyfile authority.key
    cat "$1.key" "$1.crt" > "$here/$1.pem"
done

ask untrusted "Loopback tests only: untrusted"
sign untrusted here 20991231 -selfsign -keyfile untrusted.key
cat untrusted.key untrusted.crt > "$here/untrusted.pem"
