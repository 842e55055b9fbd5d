package ooxml

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/auditpack/auditpack/seal/cms"
)

// Namespaces and algorithms of XML signatures (RFC 3275, RFC 6931), XAdES
// (ETSI TS 101 903) and Open Packaging.
const (
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
	nsXAdES     = "http://uri.etsi.org/01903/v1.3.2#"
	nsPackage   = "http://schemas.openxmlformats.org/package/2006/digital-signature"

	algorithmCanonical     = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
	algorithmRelationships = "http://schemas.openxmlformats.org/package/2006/RelationshipTransform"
	algorithmSHA256        = "http://www.w3.org/2001/04/xmlenc#sha256"
	algorithmECDSA         = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
	algorithmRSA           = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"

	canonicalTransform = `<Transform Algorithm="` + algorithmCanonical + `"></Transform>`
	timeLayout         = "2006-01-02T15:04:05Z"
)

// A signatureXML has the parameters of the signature part. Its methods write XML
// that is in canonical form already: no declaration within, attributes in order,
// no empty tags, the default namespace first.
type signatureXML struct {
	references   []string
	time         string
	reason       string
	issuer       string // of the signer's certificate, as text
	chain        []*x509.Certificate
	value, token []byte
}

// sign fills in the value and the token.
func (x *signatureXML) sign(ctx context.Context, s *cms.Signer, stamp cms.Timestamper) error {
	if n := utf8.RuneCountInString(x.reason); n > 255 {
		return fmt.Errorf("the reason has %d characters; 255 fit into a workbook's signature", n)
	}
	sum := sha256.Sum256([]byte(x.signedInfo()))
	value, err := s.SignDigest(sum[:])
	if err != nil {
		return err
	}
	if x.value, err = rawValue(s.Certificate(), value); err != nil {
		return err
	}
	if stamp != nil {
		x.token, err = cms.RequestToken(ctx, stamp, []byte(x.signatureValue()))
	}
	return err
}

func (x *signatureXML) claim() cms.Claim {
	return cms.Claim{Chain: x.chain, Token: x.token, Value: []byte(x.signatureValue())}
}

// rawValue turns the DER of an ECDSA signature into the two numbers of RFC 6931.
func rawValue(c *x509.Certificate, value []byte) ([]byte, error) {
	key, ok := c.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return value, nil
	}
	var numbers struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(value, &numbers); err != nil {
		return nil, fmt.Errorf("the document key gave no ECDSA signature: %v", err)
	}
	n := (key.Curve.Params().BitSize + 7) / 8
	if numbers.R.Sign() <= 0 || numbers.S.Sign() <= 0 || numbers.R.BitLen() > 8*n || numbers.S.BitLen() > 8*n {
		return nil, errors.New("the document key gave no ECDSA signature of its curve")
	}
	return append(numbers.R.FillBytes(make([]byte, n)), numbers.S.FillBytes(make([]byte, n))...), nil
}

// verify checks the value with the key of the first certificate.
func (x *signatureXML) verify() error {
	if err := cms.Order(x.chain); err != nil {
		return err
	}
	leaf := x.chain[0]
	wrong := errors.New("the signature was not made with the key of its certificate")
	algorithm, value := x509.SHA256WithRSA, x.value
	if key, ok := leaf.PublicKey.(*ecdsa.PublicKey); ok {
		n := (key.Curve.Params().BitSize + 7) / 8
		if len(value) != 2*n {
			return wrong
		}
		der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(value[:n]), new(big.Int).SetBytes(value[n:])})
		if err != nil {
			return wrong
		}
		algorithm, value = x509.ECDSAWithSHA256, der
	}
	if leaf.CheckSignature(algorithm, []byte(x.signedInfo()), value) != nil {
		return wrong
	}
	return nil
}

func (x *signatureXML) bytes() []byte {
	var certificates strings.Builder
	for _, c := range x.chain {
		certificates.WriteString(`<X509Certificate>` + base64.StdEncoding.EncodeToString(c.Raw) + `</X509Certificate>`)
	}
	unsigned := ""
	if x.token != nil {
		unsigned = `<xd:UnsignedProperties><xd:UnsignedSignatureProperties><xd:SignatureTimeStamp><CanonicalizationMethod Algorithm="` + algorithmCanonical + `"></CanonicalizationMethod>` +
			`<xd:EncapsulatedTimeStamp>` + base64.StdEncoding.EncodeToString(x.token) + `</xd:EncapsulatedTimeStamp></xd:SignatureTimeStamp></xd:UnsignedSignatureProperties></xd:UnsignedProperties>`
	}
	const inherits = ` xmlns="` + nsSignature + `"` // what canonical form writes on the outermost element
	return []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" +
		`<Signature` + inherits + ` Id="idPackageSignature">` + strings.Replace(x.signedInfo(), inherits, "", 1) + strings.Replace(x.signatureValue(), inherits, "", 1) +
		`<KeyInfo><X509Data>` + certificates.String() + `</X509Data></KeyInfo>` +
		strings.Replace(x.packageObject(), inherits, "", 1) + strings.Replace(x.officeObject(), inherits, "", 1) +
		`<Object><xd:QualifyingProperties xmlns:xd="` + nsXAdES + `" Target="#idPackageSignature">` +
		strings.Replace(x.signedProperties(), inherits+` xmlns:xd="`+nsXAdES+`"`, "", 1) + unsigned + `</xd:QualifyingProperties></Object></Signature>`)
}

func (x *signatureXML) signatureValue() string {
	return `<SignatureValue xmlns="` + nsSignature + `">` + base64.StdEncoding.EncodeToString(x.value) + `</SignatureValue>`
}

// signedInfo is what the key signs: the digests of the three objects.
func (x *signatureXML) signedInfo() string {
	algorithm := algorithmECDSA
	if _, ok := x.chain[0].PublicKey.(*rsa.PublicKey); ok {
		algorithm = algorithmRSA
	}
	sum := func(s string) [sha256.Size]byte { return sha256.Sum256([]byte(s)) }
	return `<SignedInfo xmlns="` + nsSignature + `"><CanonicalizationMethod Algorithm="` + algorithmCanonical + `"></CanonicalizationMethod><SignatureMethod Algorithm="` + algorithm + `"></SignatureMethod>` +
		referenceXML(`Type="`+nsSignature+`Object" URI="#idPackageObject"`, "", sum(x.packageObject())) +
		referenceXML(`Type="`+nsSignature+`Object" URI="#idOfficeObject"`, "", sum(x.officeObject())) +
		referenceXML(`Type="http://uri.etsi.org/01903#SignedProperties" URI="#idSignedProperties"`, `<Transforms>`+canonicalTransform+`</Transforms>`, sum(x.signedProperties())) + `</SignedInfo>`
}

// packageObject is the manifest of the parts (ECMA-376 part 2, §13.2.4).
func (x *signatureXML) packageObject() string {
	return `<Object xmlns="` + nsSignature + `" Id="idPackageObject"><Manifest>` + strings.Join(x.references, "") + `</Manifest>` +
		`<SignatureProperties><SignatureProperty Id="idSignatureTime" Target="#idPackageSignature"><mdssi:SignatureTime xmlns:mdssi="` + nsPackage + `"><mdssi:Format>YYYY-MM-DDThh:mm:ssTZD</mdssi:Format>` +
		`<mdssi:Value>` + text(x.time) + `</mdssi:Value></mdssi:SignatureTime></SignatureProperty></SignatureProperties></Object>`
}

// officeObject is what Office wants to know about where it was signed
// (MS-OFFCRYPTO, 2.5.2.5). Only the comment says something here.
func (x *signatureXML) officeObject() string {
	return `<Object xmlns="` + nsSignature + `" Id="idOfficeObject"><SignatureProperties><SignatureProperty Id="idOfficeV1Details" Target="#idPackageSignature"><SignatureInfoV1 xmlns="http://schemas.microsoft.com/office/2006/digsig">` +
		`<SetupID></SetupID><SignatureText></SignatureText><SignatureImage></SignatureImage><SignatureComments>` + text(x.reason) + `</SignatureComments>` +
		`<WindowsVersion>10.0</WindowsVersion><OfficeVersion>16.0</OfficeVersion><ApplicationVersion>16.0</ApplicationVersion><Monitors>1</Monitors>` +
		`<HorizontalResolution>1920</HorizontalResolution><VerticalResolution>1080</VerticalResolution><ColorDepth>32</ColorDepth>` +
		`<SignatureProviderId>{00000000-0000-0000-0000-000000000000}</SignatureProviderId><SignatureProviderUrl></SignatureProviderUrl><SignatureProviderDetails>9</SignatureProviderDetails>` +
		`<SignatureType>1</SignatureType></SignatureInfoV1></SignatureProperty></SignatureProperties></Object>`
}

// signedProperties bind the certificate and the time (XAdES, §7.2).
func (x *signatureXML) signedProperties() string {
	leaf := x.chain[0]
	sum := sha256.Sum256(leaf.Raw)
	return `<xd:SignedProperties xmlns="` + nsSignature + `" xmlns:xd="` + nsXAdES + `" Id="idSignedProperties"><xd:SignedSignatureProperties><xd:SigningTime>` + text(x.time) + `</xd:SigningTime>` +
		`<xd:SigningCertificate><xd:Cert><xd:CertDigest><DigestMethod Algorithm="` + algorithmSHA256 + `"></DigestMethod><DigestValue>` + base64.StdEncoding.EncodeToString(sum[:]) + `</DigestValue></xd:CertDigest>` +
		`<xd:IssuerSerial><X509IssuerName>` + text(x.issuer) + `</X509IssuerName><X509SerialNumber>` + leaf.SerialNumber.String() + `</X509SerialNumber></xd:IssuerSerial></xd:Cert></xd:SigningCertificate>` +
		`<xd:SignaturePolicyIdentifier><xd:SignaturePolicyImplied></xd:SignaturePolicyImplied></xd:SignaturePolicyIdentifier></xd:SignedSignatureProperties></xd:SignedProperties>`
}

// readSignature returns the parameters of a signature part but its references. It
// need not be strict: the caller writes the part again and compares.
func readSignature(b []byte) (*signatureXML, error) {
	s := string(b)
	x := &signatureXML{
		time:   unescape(between(s, "<mdssi:Value>", "</mdssi:Value>")),
		reason: unescape(between(s, "<SignatureComments>", "</SignatureComments>")),
		issuer: unescape(between(s, "<X509IssuerName>", "</X509IssuerName>")),
	}
	var err error
	if x.value, err = base64.StdEncoding.DecodeString(between(s, "<SignatureValue>", "</SignatureValue>")); err != nil || len(x.value) == 0 {
		return nil, errors.New("the workbook's signature is damaged")
	}
	if token := between(s, "<xd:EncapsulatedTimeStamp>", "</xd:EncapsulatedTimeStamp>"); token != "" {
		if x.token, err = base64.StdEncoding.DecodeString(token); err != nil || len(x.token) > cms.MaxSize {
			return nil, errors.New("the timestamp of the workbook's signature is damaged")
		}
	}
	data := between(s, "<X509Data><X509Certificate>", "</X509Certificate></X509Data>")
	if len(data) > 2*cms.MaxSize {
		return nil, errors.New("the workbook's signature has too many certificates")
	}
	for part := range strings.SplitSeq(data, "</X509Certificate><X509Certificate>") {
		der, err := base64.StdEncoding.DecodeString(part)
		if err != nil {
			return nil, errors.New("a certificate of the workbook's signature is damaged")
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("a certificate of the workbook's signature is damaged: %v", err)
		}
		x.chain = append(x.chain, c)
	}
	return x, nil
}

func between(s, start, end string) string {
	_, s, _ = strings.Cut(s, start)
	s, _, ok := strings.Cut(s, end)
	if !ok {
		return ""
	}
	return s
}

var referenceRE = regexp.MustCompile(`^<Reference URI="/([^"?]*)\?[^"]*">`)

// difference says why a signature part is not the one that belongs to the parts of
// the workbook: x has their references.
func (x *signatureXML) difference(signed []byte) error {
	const end = "</Reference>"
	lines := map[string]string{} // by part
	for _, line := range strings.SplitAfter(between(string(signed), "<Manifest>", "</Manifest>"), end) {
		if m := referenceRE.FindStringSubmatch(line); m != nil {
			lines[m[1]] = line
		}
	}
	for _, line := range x.references {
		name := referenceRE.FindStringSubmatch(line)[1]
		switch was, ok := lines[name]; {
		case !ok:
			return fmt.Errorf("the part %q was added after signing", name)
		case was != line:
			return fmt.Errorf("the part %q, or its type, is not what was signed", name)
		}
		delete(lines, name)
	}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		return fmt.Errorf("the part %q was signed and is not there", name)
	}
	return errors.New("the signature was changed, or is not laid out as this program writes it")
}
