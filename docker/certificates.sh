#!/bin/sh
# Makes a certificate authority of this installation and the node's certificate, once.
#   certificates.sh NODE_FOLDER AUTHORITY_FOLDER [OWNER]
# NODE_FOLDER gets ca.pem, node.pem and node.key (for OpenSearch); AUTHORITY_FOLDER gets ca.pem
# alone, which is all that clients need. The authority's own key is not kept: nobody can sign more.
set -eu
node=$1 authority=$2 owner=${3:-}
days=825

if [ -s "$node/node.pem" ] && [ -s "$node/node.key" ] && cmp -s "$node/ca.pem" "$authority/ca.pem" &&
    openssl x509 -checkend 2592000 -noout -in "$node/node.pem" >/dev/null; then
    echo "certificates: still good for 30 days or more"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 077
cat >"$work/node.cnf" <<'EXTENSIONS'
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=serverAuth
subjectAltName=DNS:opensearch,DNS:localhost,IP:127.0.0.1
EXTENSIONS
openssl req -x509 -newkey rsa:2048 -nodes -days "$days" -subj "/CN=Shelfsight compose authority" \
    -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
openssl req -new -newkey rsa:2048 -nodes -subj "/CN=opensearch" \
    -keyout "$work/node.key" -out "$work/node.csr" 2>/dev/null
openssl x509 -req -in "$work/node.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial \
    -days "$days" -sha256 -extfile "$work/node.cnf" -out "$work/node.pem" 2>/dev/null
# The key is PKCS#8 ("BEGIN PRIVATE KEY"), which is the form that OpenSearch reads.
cp "$work/node.key" "$work/node.pem" "$work/ca.pem" "$node/"
cp "$work/ca.pem" "$authority/"
chmod 0444 "$node/ca.pem" "$node/node.pem" "$authority/ca.pem"
chmod 0400 "$node/node.key"
[ -z "$owner" ] || chown "$owner" "$node/node.key"
echo "certificates: made a new authority and node certificate, good for $days days"
