// Package gcs pins a server that speaks the interface of Google Cloud Storage. It
// has a module of its own because its libraries are newer than the program's.
package gcs
