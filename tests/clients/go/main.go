// Command oras-go does with the library oras-go what the case at hand asks of a client, against one registry.
//
//	oras-go push LAYOUT TAG REPOSITORY TAG   copies a tag of an OCI layout; prints its digest
//	oras-go pull REPOSITORY TAG LAYOUT       copies a tag into an OCI layout; prints its digest
//	oras-go copy FROM TAG TO                 copies a tag from one repository to another; prints its digest
//	oras-go attach REPOSITORY TAG TYPE FILE  pushes an artifact with the tag's image as its subject; prints its digest
//	oras-go referrers REPOSITORY TAG         prints the digest of each artifact whose subject the tag's image is
//
// Repositories are host/name. REGISTRY_PLAIN=1 speaks HTTP; REGISTRY_USER and REGISTRY_PASSWORD log in, if they are
// set. A private CA comes by SSL_CERT_FILE.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"
	"oras.land/oras-go/v2/content/oci"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/retry"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) < 3 {
		return errors.New("see the comment of main.go")
	}
	command, given := arguments[0], arguments[1:]
	switch {
	case command == "push" && len(given) == 4:
		return push(ctx, given[0], given[1], given[2], given[3])
	case command == "pull" && len(given) == 3:
		return pull(ctx, given[0], given[1], given[2])
	case command == "copy" && len(given) == 3:
		return copyTag(ctx, given[0], given[1], given[2])
	case command == "attach" && len(given) == 4:
		return attach(ctx, given[0], given[1], given[2], given[3])
	case command == "referrers" && len(given) == 2:
		return referrers(ctx, given[0], given[1])
	}
	return fmt.Errorf("no %s of %d arguments", command, len(given))
}

func push(ctx context.Context, layout, from, name, tag string) error {
	store, err := oci.New(layout)
	if err != nil {
		return err
	}
	repository, err := repository(name)
	if err != nil {
		return err
	}
	root, err := oras.Copy(ctx, store, from, repository, tag, oras.DefaultCopyOptions)
	return printed(root, err)
}

func pull(ctx context.Context, name, tag, layout string) error {
	store, err := oci.New(layout)
	if err != nil {
		return err
	}
	repository, err := repository(name)
	if err != nil {
		return err
	}
	root, err := oras.Copy(ctx, repository, tag, store, tag, oras.DefaultCopyOptions)
	return printed(root, err)
}

func copyTag(ctx context.Context, from, tag, to string) error {
	source, err := repository(from)
	if err != nil {
		return err
	}
	destination, err := repository(to)
	if err != nil {
		return err
	}
	options := oras.DefaultCopyOptions
	options.MountFrom = func(context.Context, ocispec.Descriptor) ([]string, error) {
		return []string{source.Reference.Repository}, nil
	}
	root, err := oras.Copy(ctx, source, tag, destination, tag, options)
	return printed(root, err)
}

func attach(ctx context.Context, name, tag, artifactType, file string) error {
	repository, err := repository(name)
	if err != nil {
		return err
	}
	subject, err := repository.Resolve(ctx, tag)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	packed := memory.New()
	layer := content.NewDescriptorFromBytes("text/plain", data)
	if err := packed.Push(ctx, layer, bytes.NewReader(data)); err != nil {
		return err
	}
	root, err := oras.PackManifest(ctx, packed, oras.PackManifestVersion1_1, artifactType, oras.PackManifestOptions{
		Subject: &subject,
		Layers:  []ocispec.Descriptor{layer},
		// The same bytes in every run.
		ManifestAnnotations: map[string]string{ocispec.AnnotationCreated: "2030-01-02T03:04:05Z"},
	})
	if err != nil {
		return err
	}
	options := oras.DefaultCopyGraphOptions
	// The subject is in the registry and not in what was packed.
	options.FindSuccessors = func(
		ctx context.Context, fetcher content.Fetcher, node ocispec.Descriptor,
	) ([]ocispec.Descriptor, error) {
		successors, err := content.Successors(ctx, fetcher, node)
		kept := successors[:0]
		for _, successor := range successors {
			if successor.Digest != subject.Digest {
				kept = append(kept, successor)
			}
		}
		return kept, err
	}
	return printed(root, oras.CopyGraph(ctx, packed, repository, root, options))
}

func referrers(ctx context.Context, name, tag string) error {
	repository, err := repository(name)
	if err != nil {
		return err
	}
	subject, err := repository.Resolve(ctx, tag)
	if err != nil {
		return err
	}
	return repository.Referrers(ctx, subject, "", func(found []ocispec.Descriptor) error {
		for _, artifact := range found {
			fmt.Println(artifact.Digest)
		}
		return nil
	})
}

// repository is host/name with the login and the scheme of the environment.
func repository(name string) (*remote.Repository, error) {
	repository, err := remote.NewRepository(name)
	if err != nil {
		return nil, err
	}
	client := &auth.Client{Client: retry.DefaultClient, Cache: auth.NewCache()}
	client.SetUserAgent("oras-go")
	if user := os.Getenv("REGISTRY_USER"); user != "" {
		host, _, _ := strings.Cut(name, "/")
		client.Credential = auth.StaticCredential(host, auth.Credential{
			Username: user,
			Password: os.Getenv("REGISTRY_PASSWORD"),
		})
	}
	repository.Client = client
	repository.PlainHTTP = os.Getenv("REGISTRY_PLAIN") == "1"
	return repository, nil
}

func printed(root ocispec.Descriptor, err error) error {
	if err == nil {
		fmt.Println(root.Digest)
	}
	return err
}
