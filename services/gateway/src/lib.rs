//! HTTP, JSON and OpenAPI in front of the five services.
