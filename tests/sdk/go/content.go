package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

const manifestType = "application/vnd.oci.image.manifest.v1+json"

var (
	layerFirst    = bytes.Repeat([]byte("x"), 5_242_880)
	layerLast     = bytes.Repeat([]byte("y"), 1_000)
	layer         = append(bytes.Clone(layerFirst), layerLast...)
	configuration = []byte(`{"architecture":"amd64","os":"linux"}`)
	none          = "sha256:" + strings.Repeat("0", 64)
)

func digest(content []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(content)) }

type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int    `json:"size"`
}

type manifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	ArtifactType  string            `json:"artifactType,omitempty"`
	Config        descriptor        `json:"config"`
	Layers        []descriptor      `json:"layers"`
	Subject       *descriptor       `json:"subject,omitempty"`
	Annotations   map[string]string `json:"annotations"`
}

// manifestOver is an image of this name over a layer with this digest.
func manifestOver(name, layerDigest string, size int) manifest {
	return manifest{
		SchemaVersion: 2,
		MediaType:     manifestType,
		Config:        descriptor{"application/vnd.oci.image.config.v1+json", digest(configuration), len(configuration)},
		Layers:        []descriptor{{"application/vnd.oci.image.layer.v1.tar", layerDigest, size}},
		Annotations:   map[string]string{"n": name},
	}
}

// manifestOf is the image of this name over the journey's layer.
func manifestOf(name string) manifest { return manifestOver(name, digest(layer), len(layer)) }

// signatureOf is an artifact of this name that refers to a manifest.
func signatureOf(subject, name string) manifest {
	signature := manifestOf(name)
	signature.ArtifactType = "application/vnd.journey.signature"
	signature.Subject = &descriptor{manifestType, digest([]byte(subject)), len(subject)}
	return signature
}

func (manifest manifest) text() string { return string(must(json.Marshal(manifest))) }

// tagged names an image by its tag.
func tagged(tag string) *types.ImageIdentifier {
	return &types.ImageIdentifier{ImageTag: aws.String(tag)}
}
