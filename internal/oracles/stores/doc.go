// Package stores pins the servers that bundles are published to in tests: a
// registry, and an S3 gateway over a folder. They have a module of their own
// because what they need does not agree with what cosign needs.
package stores
