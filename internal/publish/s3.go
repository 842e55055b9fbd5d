package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"gocloud.dev/blob"
)

// An s3Keeper locks objects of an S3 bucket, and asks for their holds: in a
// versioned bucket S3 lets anyone hide a held object behind a delete marker.
type s3Keeper struct{ bucket, prefix string }

func (s3Keeper) lock(as func(any) bool, l Lock) error {
	var put *s3.PutObjectInput
	if !as(&put) {
		return errors.New("this version of the S3 driver cannot lock")
	}
	put.ObjectLockMode = types.ObjectLockModeGovernance
	if l.Compliance {
		put.ObjectLockMode = types.ObjectLockModeCompliance
	}
	put.ObjectLockRetainUntilDate = aws.Time(l.Until)
	return nil
}

func (k s3Keeper) client(b *blob.Bucket) (*s3.Client, error) {
	var c *s3.Client
	if !b.As(&c) {
		return nil, errors.New("this version of the S3 driver has no client")
	}
	return c, nil
}

func (k s3Keeper) held(ctx context.Context, b *blob.Bucket, name string, now time.Time) (string, error) {
	c, err := k.client(b)
	if err != nil {
		return "", err
	}
	key := aws.String(k.prefix + name)
	hold, err := c.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: &k.bucket, Key: key})
	if err != nil && !withoutLock(err) {
		return "", fmt.Errorf("ask for the legal hold, which needs the right s3:GetObjectLegalHold: %w", err)
	}
	if err == nil && hold.LegalHold != nil && hold.LegalHold.Status == types.ObjectLockLegalHoldStatusOn {
		return "it is under legal hold", nil
	}
	until, err := k.lockedUntil(ctx, b, name)
	if err != nil || !until.After(now) {
		return "", err
	}
	return "it is locked until " + until.Format(time.DateOnly), nil
}

func (k s3Keeper) lockedUntil(ctx context.Context, b *blob.Bucket, name string) (time.Time, error) {
	c, err := k.client(b)
	if err != nil {
		return time.Time{}, err
	}
	locked, err := c.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: &k.bucket, Key: aws.String(k.prefix + name)})
	switch {
	case err != nil && withoutLock(err):
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, fmt.Errorf("ask for the retention, which needs the right s3:GetObjectRetention: %w", err)
	case locked.Retention == nil:
		return time.Time{}, nil
	}
	return aws.ToTime(locked.Retention.RetainUntilDate).UTC(), nil
}

// withoutLock recognises the answers of stores for an object that has no lock, and
// for a bucket or store that has none at all.
func withoutLock(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode() {
	case "NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", "InvalidRequest", "NotImplemented":
		return true
	}
	return false
}

// clean aborts uploads in parts of the same object. They are those of programs
// that were killed: an upload that still ran could not complete, as the name is taken.
func (k s3Keeper) clean(ctx context.Context, b *blob.Bucket, name string) error {
	c, err := k.client(b)
	if err != nil {
		return err
	}
	key := k.prefix + name
	left, err := c.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &k.bucket, Prefix: &key})
	if err != nil {
		// Not every store has this question, and not every publisher the right to ask
		// it. What is left costs space until a lifecycle rule aborts it, and is no object.
		return nil
	}
	for _, u := range left.Uploads {
		if aws.ToString(u.Key) != key {
			continue
		}
		if _, err := c.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &k.bucket, Key: &key, UploadId: u.UploadId}); err != nil {
			return fmt.Errorf("abort an upload that was left: %w", err)
		}
	}
	return nil
}
