// Package pushgateway pins Prometheus' Pushgateway. It has a module of its own
// because it panics when it is built with the libraries that the stores need.
package pushgateway
