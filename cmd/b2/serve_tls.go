package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The files of a certificate that the server made for itself. They stay in its
// folder, so that clients need to be told of it only once.
const (
	selfSignedCert = "tls-cert.pem"
	selfSignedKey  = "tls-key.pem"
)

const (
	selfSignedLife  = 365 * 24 * time.Hour
	selfSignedSpare = 7 * 24 * time.Hour // renewed at a start so long before the end
)

// certificate is what the server shows to TLS clients, and the file of it to
// tell people about when it signed that itself; nil is a server without TLS.
func (o *serveOptions) certificate(dir string) (pair *tls.Certificate, made string, err error) {
	if (o.tlsCert == "") != (o.tlsKey == "") {
		return nil, "", errors.New("--tls-cert and --tls-key go together")
	}
	switch {
	case o.tlsSelfSigned && o.tlsCert != "":
		return nil, "", errors.New("--tls-self-signed makes a certificate: leave out --tls-cert and --tls-key, or it")
	case o.tlsSelfSigned:
		loaded, err := selfSigned(dir, o.hosts(), time.Now())
		return loaded, filepath.Join(dir, selfSignedCert), err
	case o.tlsCert != "":
		loaded, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
		return &loaded, "", err
	}
	return nil, "", nil
}

// hosts are the names and addresses that clients may know the server by: this
// computer's, and those of --listen and --url.
func (o *serveOptions) hosts() []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if name, err := os.Hostname(); err == nil {
		hosts = append(hosts, name)
	}
	if host, _, err := net.SplitHostPort(o.listen); err == nil {
		hosts = append(hosts, host)
	}
	if u, err := url.Parse(o.url); err == nil {
		hosts = append(hosts, u.Hostname())
	}
	slices.Sort(hosts)
	return slices.DeleteFunc(slices.Compact(hosts), func(host string) bool {
		ip := net.ParseIP(host)
		return host == "" || ip != nil && ip.IsUnspecified()
	})
}

// selfSigned loads the folder's own certificate, or makes one when there is
// none that is good for these hosts.
func selfSigned(dir string, hosts []string, now time.Time) (*tls.Certificate, error) {
	cert, key := filepath.Join(dir, selfSignedCert), filepath.Join(dir, selfSignedKey)
	if pair, err := tls.LoadX509KeyPair(cert, key); err == nil && goodFor(pair.Leaf, hosts, now) {
		return &pair, nil
	}
	certPEM, keyPEM, err := makeCertificate(hosts, now)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	if err := os.WriteFile(key, keyPEM, 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(cert, certPEM, 0o644); err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	return &pair, err
}

func goodFor(cert *x509.Certificate, hosts []string, now time.Time) bool {
	if now.Before(cert.NotBefore) || now.Add(selfSignedSpare).After(cert.NotAfter) {
		return false
	}
	return !slices.ContainsFunc(hosts, func(host string) bool { return cert.VerifyHostname(host) != nil })
}

// makeCertificate makes a key and a certificate that is its own authority.
func makeCertificate(hosts []string, now time.Time) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "b2 serve"},
		NotBefore:    now.Add(-time.Hour), // clocks differ
		NotAfter:     now.Add(selfSignedLife),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:         true, BasicConstraintsValid: true, MaxPathLenZero: true,
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), nil
}

// fingerprint is the SHA-256 of a certificate, as browsers and openssl show it.
func fingerprint(pair *tls.Certificate) string {
	sum := sha256.Sum256(pair.Certificate[0])
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
}
