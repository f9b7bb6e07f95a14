package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7/pkg/signer"
	"github.com/secure-io/sio-go"
	"golang.org/x/crypto/argon2"
)

// administer calls MinIO's administration API, version 3. MinIO's client for it is under the AGPL, and three calls are enough
// here.
func (s server) administer(ctx context.Context, call string, query url.Values, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	address := s.endpoint.JoinPath("/minio/admin/v3", call)
	address.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, address.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	request.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	response, err := http.DefaultClient.Do(signer.SignV4(*request, s.root.access, s.root.secret, "", s.region))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		message, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return fmt.Errorf("%s: %s: %s", call, response.Status, message)
	}
	return nil
}

// seal encrypts a request as MinIO's administration API requires: salt (32 bytes), algorithm (1 byte), nonce, then AES-256-GCM
// packets, with a key derived from the administrator's secret by argon2id.
func seal(secret string, plain []byte) ([]byte, error) {
	const argon2idAESGCM = 0
	salt := make([]byte, 32)
	rand.Read(salt)
	key := argon2.IDKey([]byte(secret), salt, 1, 64<<10, 4, 32)
	stream, err := sio.AES_256_GCM.Stream(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, stream.NonceSize())
	rand.Read(nonce)
	var sealed bytes.Buffer
	sealed.Write(salt)
	sealed.WriteByte(argon2idAESGCM)
	sealed.Write(nonce)
	writer := stream.EncryptWriter(&sealed, nonce, nil)
	if _, err := writer.Write(plain); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return sealed.Bytes(), nil
}
